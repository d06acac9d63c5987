//! Names and lines from other people, made safe to show: one line, of limited length, without characters that change the
//! text around them.

/// The longest name, in characters. A number that makes a name unique is added to it.
pub const MAX_NAME: usize = 24;

/// The longest line of the log, in characters.
pub const MAX_LINE: usize = 200;

/// The name of players that have none of their own.
pub const DEFAULT_NAME: &str = "Player";

/// Returns a name as it is shown: on one line, at most [`MAX_NAME`] characters. It is empty if nothing is left.
pub fn clean_name(name: &str) -> String {
    clean(name, MAX_NAME)
}

/// Returns a name as it is shown, or [`DEFAULT_NAME`].
pub fn name_or_default(name: &str) -> String {
    let name = clean_name(name);
    if name.is_empty() { DEFAULT_NAME.to_owned() } else { name }
}

/// Returns a text as one line of the log, of at most [`MAX_LINE`] characters.
pub fn clean_line(text: &str) -> String {
    clean(text, MAX_LINE)
}

/// Returns the text as one line of at most `max` characters. White space becomes single spaces; characters that cannot
/// be seen, or that change the direction of text, are removed.
pub fn clean(text: &str, max: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    let mut is_spaced = false;
    for c in text.chars() {
        if c.is_whitespace() {
            is_spaced = true;
        } else if !is_invisible(c) {
            let is_gap = is_spaced && count > 0;
            if count + usize::from(is_gap) >= max {
                break;
            }
            if is_gap {
                line.push(' ');
                count += 1;
            }
            line.push(c);
            count += 1;
            is_spaced = false;
        }
    }
    line
}

/// Returns the name, with a number if one of the others has the same, in upper or lower case.
pub fn unique<'a>(name: &str, others: impl Iterator<Item = &'a str> + Clone) -> String {
    let is_taken = |name: &str| others.clone().any(|other| other.to_lowercase() == name.to_lowercase());
    if !is_taken(name) {
        return name.to_owned();
    }
    let numbered = (2u32..).map(|number| format!("{name} ({number})"));
    numbered.into_iter().find(|name| !is_taken(name)).unwrap_or_else(|| name.to_owned())
}

/// Returns `true` for control characters, for those of bidirectional text, and for others without a shape of their own.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_as_they_are() {
        for name in ["Ann", "Ann B.", "Jürgen", "アン", "👩", "<b>[b]x[/b]</b>", "a\u{301}"] {
            assert_eq!(clean_name(name), name);
        }
    }

    #[test]
    fn a_name_is_one_line_without_invisible_characters() {
        assert_eq!(clean_name("  Ann \t\r\n B\u{2028}C  "), "Ann B C");
        assert_eq!(clean_name("\u{202e}nnA\u{202c}\u{200b}\u{7}\u{1b}[2J"), "nnA[2J");
        assert_eq!(clean_name("\u{feff} \u{3164}\u{e0041}\n"), "");
    }

    #[test]
    fn names_and_lines_are_limited_in_characters() {
        assert_eq!(clean_name(&"ä".repeat(10_000)), "ä".repeat(MAX_NAME));
        assert_eq!(clean("ab cd", 3), "ab");
        assert_eq!(clean("ab cd", 4), "ab c");
        assert_eq!(clean("ab cd", 0), "");
        assert_eq!(clean_line(&"x ".repeat(10_000)).chars().count(), MAX_LINE - 1);
    }

    #[test]
    fn a_player_without_a_name_gets_one() {
        assert_eq!(name_or_default(" \u{200b} "), DEFAULT_NAME);
        assert_eq!(name_or_default(" Ann"), "Ann");
    }

    #[test]
    fn the_same_name_gets_a_number() {
        let others = ["Ann", "Ann (2)", "Bob"];
        assert_eq!(unique("Ann", others.into_iter()), "Ann (3)");
        assert_eq!(unique("ANN", others.into_iter()), "ANN (3)");
        assert_eq!(unique("Bob", others.into_iter()), "Bob (2)");
        assert_eq!(unique("Cid", others.into_iter()), "Cid");
    }
}
