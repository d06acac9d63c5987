//! The forms of IP addresses, as the standard library reads them. A page needs only to know whether it would, and its
//! parsers are large.

/// Returns `true` for four numbers from 0 to 255 without leading zeros.
pub(super) fn is_ipv4(text: &[u8]) -> bool {
    let mut numbers = text.split(|&byte| byte == b'.');
    numbers.clone().count() == 4 && numbers.all(is_octet)
}

fn is_octet(digits: &[u8]) -> bool {
    matches!(
        digits,
        [b'0'..=b'9']
            | [b'1'..=b'9', b'0'..=b'9']
            | [b'1', b'0'..=b'9', b'0'..=b'9']
            | [b'2', b'0'..=b'4', b'0'..=b'9']
            | [b'2', b'5', b'0'..=b'5']
    )
}

/// Returns `true` for eight groups of hexadecimal digits. Once, `::` may stand for one or more groups of zeros, and an
/// IPv4 address for the last two groups.
pub(super) fn is_ipv6(text: &str) -> bool {
    let text = text.as_bytes();
    let Some(zeros) = text.windows(2).position(|pair| pair == b"::") else {
        return groups(text, true) == Some(8);
    };
    let (before, after) = (text.get(..zeros), text.get(zeros + 2..));
    let before = before.and_then(|text| groups(text, false));
    let after = after.and_then(|text| groups(text, true));
    before.zip(after).is_some_and(|(before, after)| before + after <= 7)
}

/// Returns the number of groups, 0 for an empty text.
fn groups(text: &[u8], may_end_in_ipv4: bool) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    let mut groups = text.split(|&byte| byte == b':');
    let last = match groups.next_back()? {
        last if is_group(last) => 1,
        last if may_end_in_ipv4 && is_ipv4(last) => 2,
        _ => return None,
    };
    let others = groups.clone().count();
    groups.all(is_group).then_some(others + last)
}

fn is_group(digits: &[u8]) -> bool {
    matches!(digits.len(), 1..=4) && digits.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    /// Calls `check` for every sequence of at most `max` of these parts.
    fn sequences(parts: &[&str], max: usize, text: &str, check: &impl Fn(&str)) {
        check(text);
        if max > 0 {
            for part in parts {
                sequences(parts, max - 1, &format!("{text}{part}"), check);
            }
        }
    }

    #[test]
    fn the_same_ipv4_addresses_are_valid_as_for_the_standard_library() {
        let check =
            |text: &str| assert_eq!(is_ipv4(text.as_bytes()), text.parse::<Ipv4Addr>().is_ok(), "{text}");
        sequences(&[".", "0", "1", "25", "256", "a"], 7, "", &check);
        for number in 0..=1000 {
            check(&format!("1.{number}.2.3"));
            check(&format!("1.2.3.{number:03}"));
        }
        ["+1.2.3.4", " 1.2.3.4", "1.2.3.4 "].iter().for_each(|text| check(text));
    }

    #[test]
    fn the_same_ipv6_addresses_are_valid_as_for_the_standard_library() {
        let check = |text: &str| assert_eq!(is_ipv6(text), text.parse::<Ipv6Addr>().is_ok(), "{text}");
        for start in ["", "1:2:3:4:5", "1:2:3:4:5:6", "::1:2:3:4", "1:2:3:4::"] {
            sequences(&[":", "::", "0", "00Af", "12345", "g", "1.2.3.4"], 5, start, &check);
        }
    }
}
