//! Nothing in Rust. The servers in this folder are in C++.
