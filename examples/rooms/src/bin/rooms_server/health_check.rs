//! `--check-health`: asks a running server whether it is healthy, for containers that have no other program.

use std::{
    fs,
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

use websocket_peer::{CloseCause, PeerOptions, ReadyState, TlsFailure, TlsOptions, TlsRoots, WebSocketPeer};

use crate::{certificates, config::Config};

/// The time within which the server must answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 4096;

/// Asks the server that runs with these settings on this machine.
///
/// # Errors
/// A sentence about what is wrong.
pub fn check(config: &Config) -> Result<(), String> {
    let address = address(&config.listen)?;
    match &config.tls {
        None => {
            let host = config.rooms.server.hosts.first().cloned().unwrap_or_else(|| address.to_string());
            let answer = get(address, &host).map_err(|error| format!("{address}: {error}"))?;
            match status(&answer) {
                Some(200) => Ok(()),
                Some(status) => Err(format!("{address} answers with status {status}")),
                None => Err(format!("{address} does not answer in HTTP")),
            }
        }
        Some(tls) => {
            let pem = fs::read(&tls.certificates)
                .map_err(|error| format!("{}: {error}", tls.certificates.display()))?;
            check_secure(address, pem)
        }
    }
}

/// Returns the address at which a program on the same machine reaches the server.
fn address(listen: &str) -> Result<SocketAddr, String> {
    let mut addresses = listen.to_socket_addrs().map_err(|error| format!("{listen}: {error}"))?;
    let mut address = addresses.next().ok_or_else(|| format!("{listen} has no address"))?;
    if address.port() == 0 {
        return Err(format!("{listen}: with port 0 the server has a port that is not in its settings"));
    }
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Ok(address)
}

fn get(address: SocketAddr, host: &str) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer)?;
    Ok(answer)
}

fn status(answer: &[u8]) -> Option<u16> {
    let answer = std::str::from_utf8(answer).ok()?;
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// Asks for a WebSocket at the path, which is answered over HTTP. Every answer shows that the server runs, so statuses do
/// not count here. A full server accepts the connection and ends it before TLS, which shows that, too.
fn check_secure(address: SocketAddr, pem: Vec<u8>) -> Result<(), String> {
    let mut tls = TlsOptions::default();
    if let Some(name) = certificates::first_name(&pem) {
        tls = tls.server_name(name);
    }
    let options = PeerOptions::default().tls(tls.roots(TlsRoots::Custom { pem })).connect_timeout(PATIENCE);
    let mut peer = WebSocketPeer::with_options(options);
    let error = |error: &dyn std::fmt::Display| format!("{address}: {error}");
    peer.connect(&format!("wss://{address}/health")).map_err(|reason| error(&reason))?;
    let start = Instant::now();
    while peer.state() != ReadyState::Closed {
        if start.elapsed() > 2 * PATIENCE {
            return Err(error(&"there is no answer"));
        }
        peer.wait(PATIENCE);
    }
    match peer.close_info() {
        Some(info) if matches!(info.cause, CloseCause::Refused { status: Some(_), .. }) => Ok(()),
        // The port is open: a closed one is `Refused` without a status.
        Some(info) if matches!(info.cause, CloseCause::Tls(TlsFailure::Other(_))) => Ok(()),
        Some(info) => Err(error(info)),
        None => Err(error(&"there is no answer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_all_addresses_is_asked_at_loopback() {
        assert_eq!(address("0.0.0.0:80"), Ok(([127, 0, 0, 1], 80).into()));
        assert_eq!(address("[::]:80"), Ok((Ipv6Addr::LOCALHOST, 80).into()));
        assert_eq!(address("127.0.0.2:81"), Ok(([127, 0, 0, 2], 81).into()));
        assert!(address("0.0.0.0:0").is_err() && address("x").is_err());
    }

    #[test]
    fn the_status_is_in_the_first_line() {
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n\r\nok\n"), Some(200));
        assert_eq!(status(b"HTTP/1.1 503 "), Some(503));
        for answer in [&b""[..], b"HTTP/1.1", b"HTTP/1.1 20", b"SSH-2.0", b"HTTP/1.1 \xff\xff\xff"] {
            assert_eq!(status(answer), None);
        }
    }
}
