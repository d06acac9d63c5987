//! Serves directories of this repository over HTTP, on loopback only.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use tokio::task::JoinHandle;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::ports::bind_near;

/// An HTTP server. Dropping this stops it.
pub struct PageServer {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl PageServer {
    /// Serves `root` as `/` and each of `mounts` under its own path, from the first free port at or after `port`.
    pub fn start(port: u16, root: &Path, mounts: &[(&str, &Path)]) -> Result<Self> {
        let listener = bind_near("page server", port, TcpListener::bind)?;
        listener.set_nonblocking(true).context("page server: cannot listen without blocking")?;
        let addr = listener.local_addr()?;
        let listener = tokio::net::TcpListener::from_std(listener)?;

        let router = mounts.iter().fold(Router::new(), |router, (path, directory)| {
            router.nest_service(path, ServeDir::new(directory))
        });
        // A rebuilt page must not be mixed with cached files of the last build.
        let no_cache =
            SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let router = router.fallback_service(ServeDir::new(root)).layer(no_cache);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("page server: {error}");
            }
        });
        Ok(Self { addr, task })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

impl Drop for PageServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
