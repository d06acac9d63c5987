//! The network between the two ends of a test's connections. The end of the test target's name says which one it is:
//! `contract` has the loopback interface as it is, `contract_split` the same tests behind a proxy that splits bytes.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use testkit::proxy::{DirectionPlan, Plan, Proxy};

/// As many bytes are split as handshakes and small packets have; megabytes one by one would take minutes.
const SPLIT: u64 = 64 * 1024;

/// More than any handshake or small packet has, so that it waits for what follows.
const JOINED: usize = 16 * 1024;

/// What the network does, unless it is as good as it gets.
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

/// Where to connect in order to get to `target` through the network.
pub fn route(target: SocketAddr) -> SocketAddr {
    /// They last as long as the tests.
    static PROXIES: Mutex<Vec<Proxy>> = Mutex::new(Vec::new());
    let Some(plan) = plan() else { return target };
    let proxy = Proxy::start(target, plan).expect("a proxy starts");
    let addr = proxy.addr();
    PROXIES.lock().unwrap_or_else(PoisonError::into_inner).push(proxy);
    addr
}
