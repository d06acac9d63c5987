//! The network between the two ends of a test's connections. The suffix of the test target's name selects it:
//! `contract` uses the loopback interface directly, `contract_split` a proxy that splits the bytes.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use testkit::proxy::{DirectionPlan, Plan, Proxy};

/// The number of bytes that are delivered singly: enough for handshakes and small packets. Megabytes would take
/// minutes.
const SPLIT: u64 = 64 * 1024;

/// The size of a joined read: more than a handshake or small packet, so that these are delivered with what follows.
const JOINED: usize = 16 * 1024;

/// Returns the plan of the proxy, or `None` for a direct connection.
fn plan() -> Option<Plan> {
    let ms = Duration::from_millis;
    let (_, network) = env!("CARGO_CRATE_NAME").rsplit_once('_')?;
    let way = match network {
        "split" => DirectionPlan::default().split_first(SPLIT).delay(ms(1), ms(2)),
        "joined" => DirectionPlan::default().join(JOINED, ms(3)).delay(ms(1), ms(1)),
        _ => return None,
    };
    Some(Plan::both(way))
}

/// Returns the address at which `target` is reached through the network.
pub fn route(target: SocketAddr) -> SocketAddr {
    /// The proxies run as long as the tests.
    static PROXIES: Mutex<Vec<Proxy>> = Mutex::new(Vec::new());
    let Some(plan) = plan() else { return target };
    let proxy = Proxy::start(target, plan).expect("a proxy starts");
    let addr = proxy.addr();
    PROXIES.lock().unwrap_or_else(PoisonError::into_inner).push(proxy);
    addr
}
