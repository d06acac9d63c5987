//! The time in SYNC packets: a count of frames that begins anew after 65,535. By it a receiver drops what comes late.
//!
//! An engine counts for each peer. Here all peers are told the same count, wherever they can be, so that they can share a
//! packet.

/// The farthest that a time may be ahead of the one before to be taken for a later one.
const MAX_STEP: u16 = 32_000;

/// From here on an earlier number is one of the next round.
const HALF: u16 = 32_767;

/// What a peer is told in this frame: the frame's own number, unless it had last been told one too long ago. Then it is led
/// there in strides.
pub(super) fn next(frame: u16, last: Option<u16>) -> u16 {
    match last {
        Some(last) if frame.wrapping_sub(last) > MAX_STEP => last.wrapping_add(MAX_STEP),
        _ => frame,
    }
}

/// Whether a receiver takes it after `last`.
pub(super) fn is_later(time: u16, last: Option<u16>) -> bool {
    last.is_none_or(|last| time > last || last - time >= HALF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_time_is_one_that_an_engine_takes() {
        for (last, time, expected) in [
            (None, 0, true),
            (Some(5), 5, false),
            (Some(5), 4, false),
            (Some(5), 6, true),
            (Some(65_535), 0, true),
            (Some(65_535), 65_534, false),
            (Some(40_000), 7_234, false),
            (Some(40_000), 7_233, true),
            (Some(0), 65_535, true),
        ] {
            assert_eq!(is_later(time, last), expected, "{last:?} {time}");
        }
    }

    #[test]
    fn after_any_pause_the_next_time_is_a_later_one_and_soon_the_common_one() {
        for pause in (1..=u16::MAX).step_by(97) {
            for start in [0, 1, 30_000, 65_535] {
                let (mut frame, mut last) = (u16::wrapping_add(start, pause), start);
                for _ in 0..4 {
                    let time = next(frame, Some(last));
                    assert!(is_later(time, Some(last)), "{pause} {start}: {time} after {last}");
                    (frame, last) = (frame.wrapping_add(1), time);
                }
                assert_eq!(last, frame.wrapping_sub(1));
            }
        }
    }
}
