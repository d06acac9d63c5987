//! An echo server on fastwebsockets with its defaults: hyper for the handshake, one task per connection, one thread.

use fastwebsockets::{FragmentCollector, OpCode, WebSocketError, upgrade};
use http_body_util::Empty;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use servers::{Args, Outcome, announce};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    task::unconstrained,
};

fn main() -> Outcome {
    let args = Args::parse_for_events()?;
    Builder::new_current_thread().enable_io().build()?.block_on(serve(args))
}

async fn serve(args: Args) -> Outcome {
    let listener = TcpListener::bind(&args.addr).await?;
    announce(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(handshake(stream, args.max_message));
    }
}

async fn handshake(stream: TcpStream, max_message: usize) {
    let service = service_fn(|request| async move { answer(request, max_message) });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    if let Err(error) = connection.await {
        eprintln!("a handshake failed: {error}");
    }
}

fn answer(
    mut request: Request<Incoming>,
    max_message: usize,
) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, upgraded) = upgrade::upgrade(&mut request)?;
    // Without tokio's task budget, as in the crate's examples, which is faster.
    tokio::spawn(unconstrained(async move {
        if let Err(error) = echo(upgraded, max_message).await {
            eprintln!("a connection ended: {error}");
        }
    }));
    Ok(response)
}

async fn echo(upgraded: upgrade::UpgradeFut, max_message: usize) -> Result<(), WebSocketError> {
    let mut socket = upgraded.await?;
    // The limit is the smallest size that is rejected.
    socket.set_max_message_size(max_message + 1);
    let mut socket = FragmentCollector::new(socket);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}
