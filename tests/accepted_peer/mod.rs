//! One file for each theme.

mod closing;
mod godot;
mod requests;
mod silence;
mod violations;
