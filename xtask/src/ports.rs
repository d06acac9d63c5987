//! Ports that may be taken: a clear message, and the next free one.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, bail};

/// How many ports are tried before giving up.
const TRIES: u16 = 50;

/// Calls `bind` with `wanted` on loopback and, as long as that is taken, with the ports after it.
pub fn bind_near<T>(what: &str, wanted: u16, mut bind: impl FnMut(SocketAddr) -> io::Result<T>) -> Result<T> {
    for port in (wanted..=u16::MAX).take(TRIES.into()) {
        match bind(loopback(port)) {
            Ok(bound) => {
                if port != wanted {
                    println!("{what}: port {wanted} is in use, so it is on {port} instead");
                }
                return Ok(bound);
            }
            // Windows answers "permission denied" for the ranges that it keeps for itself.
            Err(error) if matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => {}
            Err(error) => return Err(error).context(format!("{what}: cannot listen on port {port}")),
        }
    }
    bail!("{what}: port {wanted} is in use, and so are the {TRIES} after it")
}

/// This machine only, at this port; 0 is any free one.
pub fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_port_in_use_leads_to_another_one() {
        let taken = TcpListener::bind(loopback(0)).unwrap();
        let wanted = taken.local_addr().unwrap().port();
        let bound = bind_near("a test", wanted, TcpListener::bind).unwrap();
        assert!(bound.local_addr().unwrap().port() > wanted);
    }
}
