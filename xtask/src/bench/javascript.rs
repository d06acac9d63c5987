//! Installs the packages of the server in JavaScript.

use std::env;
use std::ffi::OsString;

use anyhow::{Context, Result};

use crate::node::{self, Package};
use crate::project::Project;

/// The script of the server, relative to the repository.
pub const SERVER: &str = "bench/javascript/ws.js";

/// `ws`, and the package that it recommends for faster masking.
pub const PACKAGES: [Package<'static>; 2] =
    [Package { name: "ws", version: "8.23.0" }, Package { name: "bufferutil", version: "4.1.0" }];

/// Installs them, and returns the value of `NODE_PATH` with which the script finds them.
pub async fn install(project: &Project) -> Result<OsString> {
    let mut folders = Vec::new();
    for package in PACKAGES {
        folders.push(node::library(project, package).await?);
    }
    env::join_paths(folders).context("a folder cannot be a part of NODE_PATH")
}
