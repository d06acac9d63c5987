//! The time in SYNC packets: a frame counter that wraps after 65,535. Receivers drop packets with an older time.
//!
//! An engine counts separately for each peer. Here all peers get the same counter where possible, so that they can
//! share packets.

/// The largest step from one time to the next that a receiver takes as later.
const MAX_STEP: u16 = 32_000;

/// A time that is smaller by at least this much has wrapped, and is later.
const HALF: u16 = 32_767;

/// Returns the time to send to a peer: the frame's number. If the last time sent to it is too long ago, or comes from
/// another session, the difference is made up in steps.
pub(super) fn next(frame: u16, last: Option<u16>) -> u16 {
    match last {
        // The same time is not later: a whole round is missing.
        Some(last) if frame == last || frame.wrapping_sub(last) > MAX_STEP => last.wrapping_add(MAX_STEP),
        _ => frame,
    }
}

/// Returns `true` if a receiver accepts `time` after `last`.
pub(super) fn is_later(time: u16, last: Option<u16>) -> bool {
    last.is_none_or(|last| time > last || last - time >= HALF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_later_if_an_engine_accepts_it() {
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
    fn after_any_pause_times_are_later_and_reach_the_frame_number() {
        for pause in (0..=u16::MAX).step_by(97).chain([1, MAX_STEP, MAX_STEP + 1, u16::MAX]) {
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
