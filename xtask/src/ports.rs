//! Listens on a wanted port or, if that is in use, on one of the next.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, bail};

/// The number of ports that are tried.
const TRIES: u16 = 50;

/// Calls `bind` with the port `wanted` on loopback and, while that is in use, with the ports after it.
pub fn bind_near<T>(what: &str, wanted: u16, mut bind: impl FnMut(SocketAddr) -> io::Result<T>) -> Result<T> {
    for port in (wanted..=u16::MAX).take(TRIES.into()) {
        match bind(loopback(port)) {
            Ok(bound) => {
                if port != wanted {
                    println!("{what}: port {wanted} is in use; using {port} instead");
                }
                return Ok(bound);
            }
            // Windows reports "permission denied" for the ranges that it reserves.
            Err(error) if matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => {}
            Err(error) => return Err(error).context(format!("{what}: cannot listen on port {port}")),
        }
    }
    bail!("{what}: port {wanted} is in use, and so are the {TRIES} after it")
}

/// The loopback address with this port. Port 0 stands for any free port.
pub fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_port_in_use_is_replaced_by_a_later_one() {
        let taken = TcpListener::bind(loopback(0)).unwrap();
        let wanted = taken.local_addr().unwrap().port();
        let bound = bind_near("a test", wanted, TcpListener::bind).unwrap();
        assert!(bound.local_addr().unwrap().port() > wanted);
    }
}
