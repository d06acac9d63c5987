//! ewebsock at its fastest: answers are sent in its event handler, on its own thread.

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow, ensure};
use ewebsock::{Options, WsEvent, WsMessage, WsSender};

use crate::plan::Plan;

struct Shared {
    plan: Plan,
    sender: Mutex<Option<WsSender>>,
    sent: AtomicU64,
    received: AtomicU64,
    opened: AtomicBool,
    failed: Mutex<Option<String>>,
}

/// Runs the client.
///
/// # Errors
/// The server does not answer correctly.
pub fn run(plan: &Plan) -> Result<f64> {
    let shared = Arc::new(Shared {
        plan: plan.clone(),
        sender: Mutex::default(),
        sent: AtomicU64::new(0),
        received: AtomicU64::new(0),
        opened: AtomicBool::new(false),
        failed: Mutex::default(),
    });
    let handler = Arc::clone(&shared);
    let sender = ewebsock::ws_connect(
        plan.url.clone(),
        Options::default(),
        Box::new(move |event| handler.handle(event)),
    );
    *lock(&shared.sender) = Some(sender.map_err(|error| anyhow!(error))?);

    while !shared.opened.load(Ordering::Acquire) {
        shared.check()?;
        thread::sleep(Duration::from_millis(1));
    }
    for _ in 0..plan.in_flight {
        shared.send_next();
    }
    let rate = plan.measure(|| {
        thread::sleep(Duration::from_millis(1));
        shared.check()?;
        Ok(shared.received.load(Ordering::Relaxed))
    });
    // ewebsock's thread holds `shared` and runs until the sender is dropped.
    *lock(&shared.sender) = None;
    rate
}

impl Shared {
    fn handle(&self, event: WsEvent) -> ControlFlow<()> {
        match event {
            WsEvent::Opened => self.opened.store(true, Ordering::Release),
            WsEvent::Message(WsMessage::Binary(message)) => {
                let number = self.received.fetch_add(1, Ordering::Relaxed);
                if let Err(error) = self.plan.check(number, &message) {
                    *lock(&self.failed) = Some(error.to_string());
                    return ControlFlow::Break(());
                }
                self.send_next();
            }
            other => *lock(&self.failed) = Some(format!("{other:?}")),
        }
        ControlFlow::Continue(())
    }

    fn send_next(&self) {
        // The number is taken under the lock, so that messages go out in order.
        if let Some(sender) = &mut *lock(&self.sender) {
            let number = self.sent.fetch_add(1, Ordering::Relaxed);
            sender.send(WsMessage::Binary(self.plan.payload(number).to_vec()));
        }
    }

    fn check(&self) -> Result<()> {
        let failed = lock(&self.failed);
        ensure!(failed.is_none(), "ewebsock: {}", failed.as_deref().unwrap_or_default());
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
