//! The soak, for as long as one waits for it among other steps.

use anyhow::Result;

use crate::project::Project;
use crate::report::Outcome;
use crate::soak::{self, Options};
use crate::wait::Spoken;

pub async fn run(project: &Project) -> Result<Outcome> {
    let options = Options::short();
    soak::run(project, &options).await?;
    Ok(Outcome::PassedWith(format!("{} connections, {}", options.connections, Spoken(options.time))))
}
