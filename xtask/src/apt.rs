//! Debian and Ubuntu: getting packages by `apt-get`, as root or by sudo, if that is permitted.

use std::env;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, bail};
use tokio::sync::oneshot;

use crate::project::Project;

/// Which of the two this machine runs; they name browsers differently.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    Debian,
    Ubuntu,
}

/// A way to install packages here.
pub struct Apt<'a> {
    project: &'a Project,
    sudo: bool,
    permission: Permission,
    pub distribution: Distribution,
}

/// Whether packages may be installed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Permission {
    Given,
    /// The person at the terminal decides.
    Asked,
    Refused,
}

/// What the permission depends on.
struct Circumstances {
    /// The command was told to, by `--install`.
    told: bool,
    /// `CI=true`.
    ci: bool,
    root: bool,
    container: bool,
    /// The input is a terminal, with a person at it.
    terminal: bool,
}

impl Circumstances {
    fn permission(&self) -> Permission {
        if self.told || self.ci || (self.root && self.container) {
            Permission::Given
        } else if self.terminal {
            Permission::Asked
        } else {
            Permission::Refused
        }
    }
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
        let circumstances = Circumstances {
            told: project.may_install(),
            ci: env::var_os("CI").is_some_and(|value| value == "true"),
            root: !sudo,
            container: is_container(),
            terminal: io::stdin().is_terminal(),
        };
        Some(Self { project, sudo, permission: circumstances.permission(), distribution })
    }

    /// Installs packages. An error that says how to do it by hand if that is not permitted.
    pub async fn install(&self, packages: &[&str]) -> Result<()> {
        let line = self.line(packages);
        let is_permitted = match self.permission {
            Permission::Given => true,
            Permission::Asked => confirm(&format!("Run `{line}`?")).await?,
            Permission::Refused => false,
        };
        if !is_permitted {
            bail!("packages are missing: run `{line}`, or this command with `--install`");
        }
        self.apt_get(&["update"]).await?;
        self.apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat()).await
    }

    /// What a person would type to install them.
    fn line(&self, packages: &[&str]) -> String {
        let sudo = if self.sudo { "sudo " } else { "" };
        format!("{sudo}apt-get install --no-install-recommends {}", packages.join(" "))
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

/// Asks the person at the terminal. Only `y` and `yes` are a yes.
async fn confirm(question: &str) -> Result<bool> {
    print!("{question} [y/N] ");
    io::stdout().flush().context("cannot ask")?;
    // On a thread of its own, so that Ctrl-C ends the program meanwhile.
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer).map(|_| answer);
        // The only failure is that the program has ended.
        let _ = sender.send(read);
    });
    let answer = receiver.await.context("no answer")?.context("cannot read the answer")?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Returns `true` in a container, as far as that can be known: from the files of Docker and Podman, and from the variables of
/// systemd, LXC and Kubernetes.
fn is_container() -> bool {
    let has = |variable: &str| env::var_os(variable).is_some_and(|value| !value.is_empty());
    ["/.dockerenv", "/run/.containerenv"].into_iter().any(|file| Path::new(file).exists())
        || has("container")
        || has("KUBERNETES_SERVICE_HOST")
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

    fn circumstances() -> Circumstances {
        Circumstances { told: false, ci: false, root: false, container: false, terminal: false }
    }

    #[test]
    fn nothing_is_installed_unasked() {
        let unasked = circumstances();
        assert_eq!(unasked.permission(), Permission::Refused);
        assert_eq!(Circumstances { root: true, ..circumstances() }.permission(), Permission::Refused);
        assert_eq!(Circumstances { container: true, ..circumstances() }.permission(), Permission::Refused);
    }

    #[test]
    fn a_person_at_the_terminal_is_asked() {
        let person = Circumstances { terminal: true, ..circumstances() };
        assert_eq!(person.permission(), Permission::Asked);
        assert_eq!(Circumstances { root: true, ..person }.permission(), Permission::Asked);
        for answer in ["y", "Y\n", " yes \n"] {
            assert!(is_yes(answer), "{answer:?}");
        }
        for answer in ["", "\n", "n\n", "yesterday\n", "no\n"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }

    #[test]
    fn an_option_ci_and_root_in_a_container_are_a_permission() {
        for given in [
            Circumstances { told: true, ..circumstances() },
            Circumstances { ci: true, ..circumstances() },
            Circumstances { ci: true, terminal: true, ..circumstances() },
            Circumstances { root: true, container: true, ..circumstances() },
        ] {
            assert_eq!(given.permission(), Permission::Given);
        }
    }

    /// A project whose PATH holds nothing but programs that write down how they were called, and the file they write to.
    #[cfg(unix)]
    fn with_spies(name: &str) -> (Project, std::path::PathBuf) {
        use std::os::unix::fs::PermissionsExt;

        let project = Project::find().unwrap();
        let folder = project.target().join("xtask-test-spies").join(name);
        // It may be there from an earlier run.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let calls = folder.join("calls");
        for program in ["sudo", "env", "apt-get"] {
            let path = folder.join(program);
            fs::write(&path, format!("#!/bin/sh\necho {program} \"$@\" >> '{}'\n", calls.display())).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        (project.with_search_path(folder), calls)
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn without_permission_it_fails_with_what_to_run() {
        let (project, calls) = with_spies("refused");
        for (sudo, line) in [(true, "`sudo apt-get install"), (false, "`apt-get install")] {
            let apt = Apt {
                project: &project,
                sudo,
                permission: Permission::Refused,
                distribution: Distribution::Debian,
            };
            let error = apt.install(&["chromium", "xvfb"]).await.unwrap_err().to_string();
            assert!(error.contains(&format!("{line} --no-install-recommends chromium xvfb`")), "{error}");
            assert!(error.contains("`--install`"), "{error}");
        }
        assert!(!calls.exists(), "{:?}", fs::read_to_string(calls));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn with_permission_it_installs() {
        let (project, calls) = with_spies("given");
        let permission = Permission::Given;
        let apt = Apt { project: &project, sudo: true, permission, distribution: Distribution::Debian };
        apt.install(&["chromium"]).await.unwrap();
        let calls = fs::read_to_string(calls).unwrap();
        let quiet = "sudo env DEBIAN_FRONTEND=noninteractive apt-get";
        assert_eq!(
            calls,
            format!("{quiet} update\n{quiet} install --yes --no-install-recommends chromium\n")
        );
    }

    #[test]
    fn os_release_tells_the_distribution() {
        assert_eq!(distribution("NAME=\"X\"\nID=debian\nVERSION_ID=\"12\""), Some(Distribution::Debian));
        assert_eq!(distribution("ID=ubuntu\nID_LIKE=debian\n"), Some(Distribution::Ubuntu));
        assert_eq!(distribution("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), Some(Distribution::Ubuntu));
        assert_eq!(distribution("ID=fedora\n"), None);
    }
}
