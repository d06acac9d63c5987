//! One file for each subject.

mod admission;
mod closing;
mod fairness;
mod http_responses;
mod latest;
mod listening;
mod logging;
mod multicast;
mod peers;
mod random;
mod replies;
mod sending;
mod shutdown;
mod stats;
#[cfg(feature = "tls")]
mod tls;
mod waiting;
