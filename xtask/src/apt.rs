//! Debian and Ubuntu: getting packages by `apt-get`, as root or by sudo.

use std::fs;

use anyhow::Result;

use crate::project::Project;

/// Which of the two this machine runs; they name browsers differently.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    Debian,
    Ubuntu,
}

/// The right to install packages here.
pub struct Apt<'a> {
    project: &'a Project,
    sudo: bool,
    pub distribution: Distribution,
}

impl<'a> Apt<'a> {
    /// `None` on other systems, and for a user who is neither root nor has sudo.
    pub async fn find(project: &'a Project) -> Option<Self> {
        project.which("apt-get")?;
        let distribution = distribution(&fs::read_to_string("/etc/os-release").ok()?)?;
        let user = project.command("id").arg("-u").ask().await.ok()?;
        let sudo = user.trim() != "0";
        if sudo {
            project.which("sudo")?;
        }
        Some(Self { project, sudo, distribution })
    }

    pub async fn install(&self, packages: &[&str]) -> Result<()> {
        self.apt_get(&["update"]).await?;
        self.apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat()).await
    }

    async fn apt_get(&self, args: &[&str]) -> Result<()> {
        // sudo drops the environment, so the variable goes through `env`.
        let quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
        let line = [&quiet[..], args].concat();
        let command = if self.sudo {
            self.project.command("sudo").args(line).interactive()
        } else {
            self.project.command(line[0]).args(&line[1..])
        };
        command.run().await
    }
}

fn distribution(os_release: &str) -> Option<Distribution> {
    let value = |key: &str| {
        let line = os_release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    let (id, like) = (value("ID"), value("ID_LIKE"));
    let mut names = [id.as_str()].into_iter().chain(like.split_whitespace());
    names.find_map(|name| match name {
        "debian" => Some(Distribution::Debian),
        "ubuntu" => Some(Distribution::Ubuntu),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_release_tells_the_distribution() {
        assert_eq!(distribution("NAME=\"X\"\nID=debian\nVERSION_ID=\"12\""), Some(Distribution::Debian));
        assert_eq!(distribution("ID=ubuntu\nID_LIKE=debian\n"), Some(Distribution::Ubuntu));
        assert_eq!(distribution("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), Some(Distribution::Ubuntu));
        assert_eq!(distribution("ID=fedora\n"), None);
    }
}
