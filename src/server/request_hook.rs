//! The program's hook that decides about requests. A mistake or a panic of it ends one request, not the server.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    admission::{Admission, AdmissionDecision, Rejection},
    options::PeerOptions,
    request::Request,
};

/// The hook of [`on_request`](super::WebSocketServer::on_request).
pub(super) struct RequestHook(Box<dyn FnMut(&Request) -> Admission + Send + Sync>);

/// The decision about a request, and header fields for the response.
pub(super) type RequestAnswer = (AdmissionDecision, Vec<(String, String)>);

impl RequestHook {
    pub(super) fn new(hook: impl FnMut(&Request) -> Admission + Send + Sync + 'static) -> Self {
        Self(Box::new(hook))
    }

    /// Calls the hook. If it panics, or its admission is invalid, the request is rejected with status 500, and the hook
    /// decides about the next request as before.
    pub(super) fn answer(&mut self, request: &Request, options: &PeerOptions) -> RequestAnswer {
        // The state of the hook belongs to the program. The documentation of `on_request` warns of what a panic leaves.
        match catch_unwind(AssertUnwindSafe(|| (self.0)(request))) {
            Ok(admission) => match admission.check(request) {
                Ok(()) => admission.decide(request, options),
                Err(error) => {
                    log::error!("the hook of on_request returned an invalid admission: {error}");
                    server_error()
                }
            },
            // The message may contain data of the request. The panic hook of the process has printed it.
            Err(_) => {
                log::error!("the hook of on_request panicked at a request from {}", request.addr());
                server_error()
            }
        }
    }
}

fn server_error() -> RequestAnswer {
    let rejection = Rejection { status: 500, reason: "the server cannot answer this request" };
    (AdmissionDecision::Reject(rejection), Vec::new())
}
