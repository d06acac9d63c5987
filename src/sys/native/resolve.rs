//! DNS lookups that do not block the caller: `getaddrinfo` can take half a minute. Loopback names need no lookup.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::notify::Interrupt;

/// The largest number of lookups in a process. A lookup cannot be cancelled: it runs to its end after its connection
/// was dropped, and repeated attempts must not accumulate threads.
const MAX_LOOKUPS: usize = 64;

/// The addresses of [`is_loopback`] names, in the order of RFC 6724.
pub(super) const LOOPBACK: [IpAddr; 2] = [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];

static LOOKUPS: AtomicUsize = AtomicUsize::new(0);

/// A lookup. Its thread runs until the system answers.
#[derive(Debug)]
pub(super) struct Lookup(Pending);

/// The result of a lookup, shared with the connection that waits for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Pending(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    answer: OnceLock<Vec<SocketAddr>>,
    /// Woken when there is an answer.
    sleeper: Mutex<Option<Arc<Interrupt>>>,
}

impl Lookup {
    pub(super) fn start(name: &str, port: u16) -> Self {
        let pending = Pending::default();
        let lookup = Self(pending.clone());
        if LOOKUPS.fetch_add(1, Ordering::Relaxed) >= MAX_LOOKUPS {
            LOOKUPS.fetch_sub(1, Ordering::Relaxed);
            pending.finish(Vec::new());
            return lookup;
        }
        let name = name.to_owned();
        let thread = thread::Builder::new().name("websocket-peer: look-up".into());
        let spawned = thread.spawn(move || {
            let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect).unwrap_or_default();
            pending.finish(found);
            LOOKUPS.fetch_sub(1, Ordering::Relaxed);
        });
        if spawned.is_err() {
            LOOKUPS.fetch_sub(1, Ordering::Relaxed);
            lookup.0.finish(Vec::new());
        }
        lookup
    }

    /// Returns the addresses of the name, or `None` while the lookup runs. A name without address has none.
    pub(super) fn answer(&self) -> Option<&[SocketAddr]> {
        self.0.0.answer.get().map(Vec::as_slice)
    }

    /// Returns the shared result.
    pub(super) fn pending(&self) -> Pending {
        self.0.clone()
    }

    /// Wakes the sleeper when there is an answer. It must check once more before it sleeps: an answer that exists
    /// already causes no wake-up.
    pub(super) fn wakes(&self, sleeper: &Arc<Interrupt>) {
        *self.0.sleeper() = Some(Arc::clone(sleeper));
    }
}

impl Pending {
    /// Returns `true` if there is an answer.
    pub(super) fn is_over(&self) -> bool {
        self.0.answer.get().is_some()
    }

    fn finish(&self, found: Vec<SocketAddr>) {
        // The first answer is the only one.
        self.0.answer.get_or_init(|| found);
        if let Some(sleeper) = self.sleeper().take() {
            sleeper.nudge();
        }
    }

    fn sleeper(&self) -> MutexGuard<'_, Option<Arc<Interrupt>>> {
        self.0.sleeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns `true` if a name in lower case is `localhost` or ends in `.localhost`, with or without the root dot. These
/// names mean the loopback interface and are not looked up (RFC 6761, 6.3): many resolvers do not know them, and name
/// servers must not get them.
pub(super) fn is_loopback(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}
