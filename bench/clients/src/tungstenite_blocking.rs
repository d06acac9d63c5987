//! tungstenite on a blocking socket, as a reference: the thread can do nothing else meanwhile.

use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use tungstenite::{Bytes, Message, client::client_with_config, protocol::WebSocketConfig};

use crate::plan::Plan;

const BUFFER: usize = 16 * 1024;

/// Runs the client.
///
/// # Errors
/// The server does not answer correctly.
pub fn run(plan: &Plan) -> Result<f64> {
    let address = plan.url.trim_start_matches("ws://").trim_end_matches('/');
    let stream = TcpStream::connect(address).context("cannot connect")?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(BUFFER);
    let (mut socket, _response) = client_with_config(&plan.url, stream, Some(config))?;

    let depth = plan.in_flight as u64;
    let payloads = [0, 1].map(|number| Bytes::copy_from_slice(plan.payload(number)));
    let payload = |number: u64| Message::Binary(payloads[(number % 2) as usize].clone());
    for number in 0..depth {
        socket.write(payload(number))?;
    }
    socket.flush()?;
    let mut received = 0;
    plan.measure(|| {
        // A blocking read does not show whether the buffer has more messages. So a pass reads all that are in flight,
        // with one flush.
        for _ in 0..depth {
            let message = socket.read()?;
            ensure!(message.is_binary(), "{message:?}");
            plan.check(received, &message.into_data())?;
            socket.write(payload(received + depth))?;
            received += 1;
        }
        socket.flush()?;
        Ok(received)
    })
}
