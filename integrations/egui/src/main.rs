//! A chat in egui, natively and in a page. The library calls a hook when there is something to poll for, and the hook
//! requests a frame of egui. So nothing is drawn while nothing happens.

#![cfg_attr(target_family = "wasm", no_main)]

use eframe::egui::{CentralPanel, Context, Key, Panel, ScrollArea, TextEdit, Ui};
use websocket_peer::{Error, PeerOptions, ReadyState, WebSocketPeer};

#[cfg(test)]
mod tests;

/// The address at which `cargo run -p chat --bin chat_server` listens.
const SERVER: &str = "ws://127.0.0.1:8000/test/";
const MAX_LINES: usize = 200;

struct Chat {
    peer: WebSocketPeer,
    lines: Vec<String>,
    input: String,
}

impl Chat {
    fn connect(url: Option<String>, ctx: Context) -> Result<Box<Self>, Error> {
        // A cursor that blinks is drawn twice a second.
        ctx.all_styles_mut(|style| style.visuals.text_cursor.blink = false);
        let options = PeerOptions::default().protocols(["demo-chat"]).max_message_size(4096);
        let mut peer = WebSocketPeer::with_options(options);
        peer.on_wake(move || ctx.request_repaint())?;
        peer.connect(url.as_deref().unwrap_or(SERVER))?;
        Ok(Box::new(Self { peer, lines: Vec::new(), input: String::new() }))
    }

    fn add(&mut self, line: &str) {
        self.lines.push(line.replace(char::is_control, " "));
        self.lines.drain(..self.lines.len().saturating_sub(MAX_LINES));
    }
}

impl eframe::App for Chat {
    /// Runs before each frame, and without a frame if the window or the tab is hidden.
    fn logic(&mut self, _: &Context, _: &mut eframe::Frame) {
        self.peer.poll();
        while let Some(packet) = self.peer.recv() {
            self.add(packet.as_text().unwrap_or("(a packet without text)"));
        }
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        Panel::bottom("input").show(ui, |ui| {
            let is_open = self.peer.state() == ReadyState::Open;
            let hint = if is_open { "a line, or /name NAME" } else { "not connected" };
            let field = TextEdit::singleline(&mut self.input).hint_text(hint).margin(6);
            let field = ui.add_enabled(is_open, field.char_limit(500).desired_width(f32::INFINITY));
            let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if is_entered && !self.input.is_empty() {
                field.request_focus();
                let line = std::mem::take(&mut self.input);
                let sent = self.peer.send_text(&line);
                self.add(&sent.map_or_else(|error| error.to_string(), |()| format!("me: {line}")));
            }
        });
        CentralPanel::default().show(ui, |ui| {
            ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true).show(ui, |ui| {
                let end = self.peer.close_info().map(ToString::to_string);
                self.lines.iter().chain(&end).for_each(|line| drop(ui.label(line)));
            });
        });
    }
}

#[cfg(not(target_family = "wasm"))]
fn main() -> eframe::Result {
    let url = std::env::args().nth(1);
    let create: eframe::AppCreator<'_> = Box::new(|cc| Ok(Chat::connect(url, cc.egui_ctx.clone())?));
    eframe::run_native("Chat", eframe::NativeOptions::default(), create)
}

/// Draws on a canvas of the page.
#[cfg(target_family = "wasm")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn start(
    canvas: eframe::web_sys::HtmlCanvasElement,
    url: Option<String>,
) -> Result<(), wasm_bindgen::JsValue> {
    let create: eframe::AppCreator<'_> = Box::new(|cc| Ok(Chat::connect(url, cc.egui_ctx.clone())?));
    eframe::WebRunner::new().start(canvas, eframe::WebOptions::default(), create).await
}
