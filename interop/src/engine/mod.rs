//! A running engine: commands, events and errors.

mod control;
mod log;
mod place;
mod program;

use std::collections::VecDeque;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::Failure;
use crate::waiting::{eventually, until};
use control::{Control, Message};
pub use place::Place;
use place::Process;
pub use program::Program;

/// An engine that runs the agent. Dropping it stops the engine.
pub struct Engine {
    control: Control,
    process: Process,
    version: String,
    events: VecDeque<Event>,
    /// Parts of the errors that the log must have in this scenario, and of those that it may have.
    expected_errors: Vec<String>,
    allowed_errors: Vec<String>,
    /// The commands and events of this scenario, to show when it fails.
    story: String,
}

/// An event of the agent.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub about: Value,
}

impl Engine {
    /// Starts an engine. It is usable when [`ready`](Self::ready) returns.
    pub fn start(place: &Place) -> Result<Self, Failure> {
        let (listener, port) = control::listen()?;
        let process = place.start_agent(port)?;
        Ok(Self {
            control: Control::new(listener),
            process,
            version: String::new(),
            events: VecDeque::new(),
            expected_errors: Vec::new(),
            allowed_errors: Vec::new(),
            story: String::new(),
        })
    }

    /// Waits until the agent accepts commands.
    pub fn ready(&mut self) -> Result<(), Failure> {
        if self.version.is_empty() {
            let Self { control, process, .. } = self;
            let connected = eventually("the engine starts", || match control.accept() {
                Ok(connected) => (connected || !process.is_running()).then_some(Ok(connected)),
                Err(error) => Some(Err(error)),
            })?;
            if !connected {
                return Err(format!("the engine ended at once:\n{}", process.log().text()).into());
            }
            self.version = self.ask("hello", json!({})).as_str().unwrap_or("unknown").to_owned();
        }
        Ok(())
    }

    /// Returns the engine's version: `4.6.3.stable.…`.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Runs a command of the agent, and returns its answer.
    #[track_caller]
    pub fn ask(&mut self, command: &str, about: Value) -> Value {
        self.say(&[(command, about)]);
        self.answer(command)
    }

    /// Runs several commands in one frame, and returns the answers.
    #[track_caller]
    pub fn ask_together(&mut self, commands: &[(&str, Value)]) -> Vec<Value> {
        self.say(commands);
        commands.iter().map(|(command, _)| self.answer(command)).collect()
    }

    /// Runs a command that answers with an error code, which must be `OK`.
    #[track_caller]
    pub fn ask_ok(&mut self, command: &str, about: Value) {
        let answer = self.ask(command, about);
        assert_eq!(answer, 0, "{command}: Godot's error");
    }

    /// Returns the next event of this name, if it has arrived. Other events stay.
    pub fn event_if_any(&mut self, name: &str) -> Option<Value> {
        while let Some(message) = self.read() {
            assert!(matches!(message, Message::Event(_)), "nothing was asked, yet {message:?} was answered");
        }
        let at = self.events.iter().position(|event| event.name == name)?;
        self.events.remove(at).map(|event| event.about)
    }

    /// Waits for the next event of this name. Other events stay.
    #[track_caller]
    pub fn event(&mut self, name: &str) -> Value {
        self.event_while(name, || {})
    }

    /// As [`event`](Self::event), and calls `meanwhile` until then.
    #[track_caller]
    pub fn event_while(&mut self, name: &str, mut meanwhile: impl FnMut()) -> Value {
        eventually(&format!("the event `{name}` of the engine"), || {
            meanwhile();
            self.event_if_any(name)
        })
    }

    /// Returns the events that were not taken, after two more frames of the engine.
    #[track_caller]
    pub fn events_left(&mut self) -> Vec<Event> {
        self.ask("settle", json!({}));
        self.events.drain(..).collect()
    }

    /// Expects an error with this part. Unexpected errors fail the scenario.
    pub fn expect_error(&mut self, part: &str) {
        self.expected_errors.push(part.to_owned());
    }

    /// Allows errors with this part.
    pub fn allow_error(&mut self, part: &str) {
        self.allowed_errors.push(part.to_owned());
    }

    /// Kills the engine. The system closes its sockets.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Resets the engine, and fails if it had unexpected errors. A killed engine is not restarted.
    #[track_caller]
    pub fn reset(&mut self) {
        let log = self.process.log().clone();
        if self.process.is_running() {
            let marker = log.next_marker();
            self.ask("reset", json!({ "marker": marker }));
            until("the end of the engine's log", || log.has(&marker));
            for part in &self.expected_errors {
                assert!(log.has_part(part), "the engine never complained: {part}");
            }
        }
        let known: Vec<String> =
            self.expected_errors.drain(..).chain(self.allowed_errors.drain(..)).collect();
        let complaints = log.complaints(&known);
        assert!(complaints.is_empty(), "the engine complained:\n{}", complaints.join("\n"));
        log.clear();
        self.events.clear();
        self.story.clear();
    }

    /// Returns the commands, events and log of this scenario.
    pub fn account(&mut self) -> String {
        while self.control.read().map(|message| self.note(&message)).is_some() {}
        format!("{}---- its log ----\n{}", self.story, self.process.log().text())
    }

    #[track_caller]
    fn say(&mut self, commands: &[(&str, Value)]) {
        let mut lines = String::new();
        for (command, about) in commands {
            let mut line = about.clone();
            line["do"] = (*command).into();
            lines += &format!("{line}\n");
        }
        self.story += &lines;
        self.control.send(&lines);
    }

    #[track_caller]
    fn answer(&mut self, command: &str) -> Value {
        eventually(&format!("the engine's answer to `{command}`"), || {
            assert!(self.process.is_running(), "the engine ended at `{command}`");
            match self.read()? {
                Message::Answer(answer) => Some(answer),
                Message::PacketError(why) => panic!("{command}: {why}"),
                Message::Event(_) => None,
            }
        })
    }

    /// Returns the next message. Events are kept, too.
    fn read(&mut self) -> Option<Message> {
        let message = self.control.read()?;
        self.note(&message);
        if let Message::Event(event) = &message {
            self.events.push_back(event.clone());
        }
        Some(message)
    }

    fn note(&mut self, message: &Message) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.story, "< {message:?}");
    }
}
