//! Runs the script that a connection asks for. Each family of scripts has a file of its own.

mod cuts;
mod polite;
mod silence;
mod upgrades;
mod violations;

use std::sync::Arc;

use crate::connection::{Connection, End, Message};
use crate::handshake::{Answer, Request};
use crate::script::{Script, Target};
use crate::server::Context;
use crate::stream::Stream;

/// How a script ends its connection.
enum Leave {
    /// No sent bytes are lost.
    Gracefully,
    /// TCP ends at once.
    AtOnce,
}

type Outcome = Result<Leave, End>;

/// Serves one connection from its request to its end.
pub(crate) fn serve(stream: Stream, context: &Context) {
    let mut connection = Connection::new(stream, context.events.begin(None), Arc::clone(&context.stop));
    let outcome = connection.request().and_then(|request| {
        let target = Target::parse(&request.target);
        connection.record_into(context.events.begin(target.key.as_deref()));
        connection.record(format_args!("path {}", request.target));
        for (name, value) in &request.headers {
            connection.record(format_args!("request {name}: {value}"));
        }
        run(target, &mut connection, &request, context)
    });
    match outcome {
        Ok(Leave::Gracefully) => connection.leave(),
        Ok(Leave::AtOnce) => {}
        Err(end) => connection.record(end),
    }
}

fn run(target: Target, connection: &mut Connection, request: &Request, context: &Context) -> Outcome {
    let Some(script) = target.script else {
        return upgrades::reject(connection, 404);
    };
    match script {
        Script::StallBefore => return silence::stall_before(connection),
        Script::StallWithin => return silence::stall_within(connection, request),
        Script::InterimForever => return silence::interim_forever(connection),
        Script::Drip => return silence::drip(connection, request),
        Script::CutBefore => return Ok(Leave::AtOnce),
        Script::ResetBefore => return cuts::reset(connection),
        Script::Reject { status } => return upgrades::reject(connection, status),
        Script::WithHead => return upgrades::with_head(connection, request),
        Script::BadUpgrade(bad) => return upgrades::bad_upgrade(connection, request, &bad),
        Script::Slow(pause) => connection.pause(pause)?,
        _ => {}
    }
    connection.answer(&Answer::upgrade(request))?;
    if target.waits {
        while !matches!(connection.message()?, Message::Text(_) | Message::Binary(_)) {}
    }
    after_upgrade(script, connection, context)
}

fn after_upgrade(script: Script, connection: &mut Connection, context: &Context) -> Outcome {
    match script {
        Script::Count => polite::count(connection),
        Script::Close { code, reason } => polite::send_then_close(connection, 0, code, &reason),
        Script::SendThenClose { count, code, reason } => {
            polite::send_then_close(connection, count, code, &reason)
        }
        Script::LateClose(pause) => polite::late_close(connection, pause),
        Script::Burst { count } => polite::burst(connection, count),
        Script::BurstBinary { count, size } => polite::burst_binary(connection, count, size),
        Script::Packets(packets) => polite::packets(connection, &packets),
        Script::Huge { size } => polite::burst_binary(connection, 1, size),
        Script::Flood { count } => polite::flood(connection, count),
        Script::Fragments => polite::fragments(connection),
        Script::Ping => polite::ping(connection),
        Script::Pong => polite::pong(connection),
        Script::Events { key, want } => polite::events(connection, context, &key, want.as_deref()),
        Script::Refused => polite::refused(connection, context),
        Script::Stall => Err(connection.stall()),
        Script::Silent => Err(connection.ignore_everything()),
        Script::Cut => Ok(Leave::AtOnce),
        Script::CutMidFrame => cuts::mid_frame(connection),
        Script::SendThenCut { count } => cuts::send_then_cut(connection, count),
        Script::Reset => cuts::reset(connection),
        Script::HalfClose => cuts::half_close(connection),
        Script::Raw(bytes) => violations::raw(connection, &bytes),
        Script::HugeDeclared { size } => violations::huge_declared(connection, size),
        // All others end in an echo. The scripts that answer the upgrade themselves have returned before.
        _ => polite::echo(connection),
    }
}
