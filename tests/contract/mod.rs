//! One file for each topic. Each test checks one behaviour, which is its name.

mod breaking;
mod closing;
mod control_frames;
mod deadlines;
mod dropping;
mod echoing;
mod limits;
mod liveness;
#[cfg(feature = "multiplayer")]
mod mid_level;
#[cfg(feature = "multiplayer")]
mod multiplayer;
mod opening;
mod options;
mod protocols;
mod receiving;
mod reconnecting;
mod refusing;
mod remote_close;
mod sending;
mod urls;
mod waking;
