//! ewebsock as in its documentation: events are read from its receiver, here without pause.

use anyhow::{Result, anyhow, bail};
use ewebsock::{Options, WsEvent, WsMessage, WsReceiver};

use crate::plan::Plan;

/// Runs the client.
///
/// # Errors
/// The server does not answer correctly.
pub fn run(plan: &Plan) -> Result<f64> {
    let (mut sender, receiver) =
        ewebsock::connect(&plan.url, Options::default()).map_err(|error| anyhow!(error))?;
    while !opened(&receiver)? {}

    let (mut sent, mut received) = (0, 0);
    while sent < plan.in_flight as u64 {
        sender.send(WsMessage::Binary(plan.payload(sent).to_vec()));
        sent += 1;
    }
    plan.measure(|| {
        while let Some(event) = receiver.try_recv() {
            let WsEvent::Message(WsMessage::Binary(message)) = event else { bail!("{event:?}") };
            plan.check(received, &message)?;
            received += 1;
            sender.send(WsMessage::Binary(plan.payload(sent).to_vec()));
            sent += 1;
        }
        // ewebsock's thread has the same core.
        std::thread::yield_now();
        Ok(received)
    })
}

fn opened(receiver: &WsReceiver) -> Result<bool> {
    match receiver.try_recv() {
        Some(WsEvent::Opened) => Ok(true),
        Some(other) => bail!("{other:?}"),
        None => Ok(false),
    }
}
