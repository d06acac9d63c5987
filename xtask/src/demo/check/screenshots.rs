//! Screenshots of the pages in light and dark, on a desktop and on a phone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::project::Project;
use crate::webdriver::Page;

/// The folder of the screenshots.
pub struct Screenshots {
    folder: PathBuf,
}

impl Screenshots {
    pub fn new(project: &Project) -> Result<Self> {
        let folder = project.target().join("demo");
        // Those of the last check would be taken for new ones.
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes all screenshots of a page. On a phone it must not scroll sideways.
    pub async fn take(&self, page: &Page, name: &str) -> Result<()> {
        for scheme in ["light", "dark"] {
            colour_scheme(page, scheme).await?;
            self.take_one(page, &format!("{name}-desktop-{scheme}")).await?;
        }
        screen(page, 390, 844, true).await?;
        for scheme in ["dark", "light"] {
            colour_scheme(page, scheme).await?;
            self.take_one(page, &format!("{name}-phone-{scheme}")).await?;
        }
        fits_the_screen(page).await?;
        page.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await
    }

    pub async fn take_one(&self, page: &Page, name: &str) -> Result<()> {
        page.screenshot(&self.folder.join(format!("{name}.png"))).await
    }
}

/// Checks that a page needs no horizontal scrolling.
pub async fn fits_the_screen(page: &Page) -> Result<()> {
    let excess = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    let excess = page.eval(excess, vec![]).await?;
    ensure!(excess == 0, "on a phone the page is {excess} pixels wider than the screen");
    Ok(())
}

/// Gives the page this size, in CSS pixels.
pub async fn screen(page: &Page, width: u32, height: u32, is_phone: bool) -> Result<()> {
    let density = if is_phone { 2 } else { 1 };
    let screen =
        json!({ "width": width, "height": height, "deviceScaleFactor": density, "mobile": is_phone });
    page.devtools("Emulation.setDeviceMetricsOverride", screen).await
}

pub async fn colour_scheme(page: &Page, scheme: &str) -> Result<()> {
    let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    page.devtools("Emulation.setEmulatedMedia", features).await
}
