//! Runs a short soak.

use anyhow::Result;

use crate::project::Project;
use crate::report::Outcome;
use crate::soak::{self, Options};
use crate::wait::Human;

pub async fn run(project: &Project) -> Result<Outcome> {
    let options = Options::short();
    soak::run(project, &options).await?;
    Ok(Outcome::PassedWith(format!("{} connections, {}", options.connections, Human(options.time))))
}
