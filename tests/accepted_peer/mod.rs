//! One file for each topic.

mod closing;
mod godot;
mod requests;
mod silence;
mod violations;
