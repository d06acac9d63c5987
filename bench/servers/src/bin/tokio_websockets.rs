//! An echo server on tokio-websockets with its defaults: one task per connection, one thread.

use futures_util::{SinkExt, StreamExt};
use servers::{Args, Outcome, announce};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    task::unconstrained,
};
use tokio_websockets::{Config, Error, Limits, ServerBuilder};

fn main() -> Outcome {
    let args = Args::parse_for_events()?;
    Builder::new_current_thread().enable_io().build()?.block_on(serve(args))
}

async fn serve(args: Args) -> Outcome {
    let listener = TcpListener::bind(&args.addr).await?;
    announce(listener.local_addr()?);
    let limits = Limits::default().max_payload_len(Some(args.max_message));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // Without tokio's task budget, as in the crate's examples, which is faster.
        tokio::spawn(unconstrained(async move {
            if let Err(error) = echo(stream, limits).await {
                eprintln!("a connection ended: {error}");
            }
        }));
    }
}

async fn echo(stream: TcpStream, limits: Limits) -> Result<(), Error> {
    // By default messages are fragmented at 4 MiB, which none of these exceeds.
    let builder = ServerBuilder::new().config(Config::default()).limits(limits);
    let (_request, mut socket) = builder.accept(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}
