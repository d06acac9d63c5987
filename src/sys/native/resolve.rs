//! Looking up a name without blocking the caller: `getaddrinfo` can take half a minute. Names of this machine need none.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// How many look-ups may be under way in a process. A look-up cannot be called off: one whose connection was given up
/// runs to its end, and a caller that tries again and again must not pile up threads.
const MAX_LOOKUPS: usize = 64;

/// The addresses of [`is_loopback`] names, in the order of RFC 6724.
pub(super) const LOOPBACK: [IpAddr; 2] = [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];

static LOOKUPS: AtomicUsize = AtomicUsize::new(0);

/// A look-up under way. Its thread lives until the system answers.
#[derive(Debug)]
pub(super) struct Lookup {
    answer: Arc<OnceLock<Vec<SocketAddr>>>,
}

impl Lookup {
    pub(super) fn start(name: &str, port: u16) -> Self {
        let answer = Arc::new(OnceLock::new());
        let lookup = Self { answer: Arc::clone(&answer) };
        if LOOKUPS.fetch_add(1, Ordering::Relaxed) >= MAX_LOOKUPS {
            LOOKUPS.fetch_sub(1, Ordering::Relaxed);
            let _ = answer.set(Vec::new());
            return lookup;
        }
        let name = name.to_owned();
        let thread = thread::Builder::new().name("websocket-peer: look-up".into());
        let spawned = thread.spawn({
            let answer = Arc::clone(&answer);
            move || {
                let found =
                    (name.as_str(), port).to_socket_addrs().map(Iterator::collect).unwrap_or_default();
                // The first answer is the only one.
                let _ = answer.set(found);
                LOOKUPS.fetch_sub(1, Ordering::Relaxed);
            }
        });
        if spawned.is_err() {
            LOOKUPS.fetch_sub(1, Ordering::Relaxed);
            let _ = answer.set(Vec::new());
        }
        lookup
    }

    /// The addresses, none where there are none; `None` while it is not known.
    pub(super) fn answer(&self) -> Option<&[SocketAddr]> {
        self.answer.get().map(Vec::as_slice)
    }
}

/// Returns `true` if a name in lower case is `localhost` or ends in `.localhost`, with or without the root's dot. Such
/// names mean this machine and are not looked up (RFC 6761, 6.3): many resolvers do not know them, and a name server
/// must not be asked for them.
pub(super) fn is_loopback(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}
