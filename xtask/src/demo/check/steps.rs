//! The steps that all parts of the check share.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::webdriver::Page;

/// The deadline for a page to get ready.
const READY: Duration = Duration::from_secs(30);

/// The deadline for a page or a program to show the result of an action.
pub const RESULT_LIMIT: Duration = Duration::from_secs(10);

/// Prints the step, and adds it to its error.
pub async fn step<T>(what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    println!("… {what}");
    work.await.with_context(|| format!("failed: {what}"))
}

/// Waits until the page has started the library.
pub async fn ready(page: &Page) -> Result<()> {
    let phase = "document.documentElement.dataset.phase";
    let phase = page.wait_for("the page to load", READY, phase, vec![], |phase| *phase != "loading").await?;
    if phase != "ready" {
        bail!("the page is in phase {phase}: {}", page.text("#failure").await?);
    }
    Ok(())
}

/// Waits until the text of an element is `expected`.
pub async fn shows(page: &Page, selector: &str, expected: &str) -> Result<()> {
    let what = format!("{selector} to be “{expected}”");
    shows_text(page, selector, &what, |text| text == expected).await
}

/// Waits until the text of an element contains `part`.
pub async fn mentions(page: &Page, selector: &str, part: &str) -> Result<()> {
    let what = format!("{selector} to mention “{part}”");
    shows_text(page, selector, &what, |text| text.contains(part)).await
}

async fn shows_text(page: &Page, selector: &str, what: &str, holds: impl Fn(&str) -> bool) -> Result<()> {
    let text = "document.querySelector(arguments[0])?.textContent.trim()";
    let holds = |text: &Value| text.as_str().is_some_and(&holds);
    page.wait_for(what, RESULT_LIMIT, text, vec![json!(selector)], holds).await.map(drop)
}

/// Waits until a JavaScript expression is true.
pub async fn until(page: &Page, what: &str, expression: &str, args: Vec<Value>) -> Result<()> {
    page.wait_for(what, RESULT_LIMIT, expression, args, |value| *value == true).await.map(drop)
}
