//! One file for each theme.

mod breaches;
mod closing;
mod godot;
mod requests;
mod silence;
