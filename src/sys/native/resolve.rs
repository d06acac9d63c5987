//! Looking up a name without blocking the caller: `getaddrinfo` can take half a minute. Names of this machine need none.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::notify::Interrupt;

/// How many look-ups may be under way in a process. A look-up cannot be called off: one whose connection was given up
/// runs to its end, and a caller that tries again and again must not pile up threads.
const MAX_LOOKUPS: usize = 64;

/// The addresses of [`is_loopback`] names, in the order of RFC 6724.
pub(super) const LOOPBACK: [IpAddr; 2] = [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];

static LOOKUPS: AtomicUsize = AtomicUsize::new(0);

/// A look-up under way. Its thread lives until the system answers.
#[derive(Debug)]
pub(super) struct Lookup(Pending);

/// What is known of a look-up, for whatever waits for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Pending(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    answer: OnceLock<Vec<SocketAddr>>,
    /// What sleeps until there is an answer.
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

    /// The addresses, none where there are none; `None` while it is not known.
    pub(super) fn answer(&self) -> Option<&[SocketAddr]> {
        self.0.0.answer.get().map(Vec::as_slice)
    }

    /// Returns what tells that there is an answer.
    pub(super) fn pending(&self) -> Pending {
        self.0.clone()
    }

    /// Wakes this when there is an answer. It looks once more before it sleeps: an answer that has come already wakes nothing.
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

/// Returns `true` if a name in lower case is `localhost` or ends in `.localhost`, with or without the root's dot. Such
/// names mean this machine and are not looked up (RFC 6761, 6.3): many resolvers do not know them, and a name server
/// must not be asked for them.
pub(super) fn is_loopback(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}
