//! One file for each subject.

mod admission;
mod casting;
mod endings;
mod fairness;
mod latest;
mod listening;
mod peers;
mod random;
mod records;
mod replies;
mod responding;
mod sending;
mod shutdown;
mod stats;
#[cfg(feature = "tls")]
mod tls;
mod waiting;
