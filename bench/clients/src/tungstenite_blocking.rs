//! tungstenite on a blocking socket, as a yardstick: it has no frames to keep, so nothing else can be done beside it.

use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use tungstenite::{Bytes, Message, client::client_with_config, protocol::WebSocketConfig};

use crate::plan::Plan;

const BUFFER: usize = 16 * 1024;

/// # Errors
/// The server does not answer as it should.
pub fn run(plan: &Plan) -> Result<f64> {
    let address = plan.url.trim_start_matches("ws://").trim_end_matches('/');
    let stream = TcpStream::connect(address).context("cannot connect")?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(BUFFER);
    let (mut socket, _response) = client_with_config(&plan.url, stream, Some(config))?;

    let in_flight = plan.in_flight as u64;
    let payloads = [0, 1].map(|number| Bytes::copy_from_slice(plan.payload(number)));
    let payload = |number: u64| Message::Binary(payloads[(number % 2) as usize].clone());
    for number in 0..in_flight {
        socket.write(payload(number))?;
    }
    socket.flush()?;
    let mut received = 0;
    plan.measure(|| {
        // A blocking read cannot tell what is left in the buffer; so a round of all that are in flight, and one flush for it.
        for _ in 0..in_flight {
            let message = socket.read()?;
            ensure!(message.is_binary(), "{message:?}");
            plan.check(received, &message.into_data())?;
            socket.write(payload(received + in_flight))?;
            received += 1;
        }
        socket.flush()?;
        Ok(received)
    })
}
