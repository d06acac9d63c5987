//! Debian and Ubuntu: installs packages with `apt-get`, as root or through sudo, if that is permitted.

use std::env;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, bail};
use tokio::sync::oneshot;

use crate::project::Project;

/// The distribution of this machine. The two name the packages of browsers differently.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    Debian,
    Ubuntu,
}

/// Installs packages on this machine.
pub struct Apt<'a> {
    project: &'a Project,
    sudo: bool,
    permission: Permission,
    pub distribution: Distribution,
}

/// The permission to install packages.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Permission {
    Granted,
    /// The user at the terminal is asked.
    Ask,
    Denied,
}

/// The facts that the permission depends on.
struct Environment {
    /// `--install` was given.
    install: bool,
    /// `CI=true`.
    ci: bool,
    root: bool,
    container: bool,
    /// Standard input is a terminal.
    terminal: bool,
}

impl Environment {
    fn permission(&self) -> Permission {
        if self.install || self.ci || (self.root && self.container) {
            Permission::Granted
        } else if self.terminal {
            Permission::Ask
        } else {
            Permission::Denied
        }
    }
}

impl<'a> Apt<'a> {
    /// Returns `None` on other systems, and for a user who is not root and has no sudo.
    pub async fn find(project: &'a Project) -> Option<Self> {
        project.which("apt-get")?;
        let distribution = distribution(&fs::read_to_string("/etc/os-release").ok()?)?;
        let user = project.command("id").arg("-u").query().await.ok()?;
        let sudo = user.trim() != "0";
        if sudo {
            project.which("sudo")?;
        }
        let environment = Environment {
            install: project.may_install(),
            ci: env::var_os("CI").is_some_and(|value| value == "true"),
            root: !sudo,
            container: is_container(),
            terminal: io::stdin().is_terminal(),
        };
        Some(Self { project, sudo, permission: environment.permission(), distribution })
    }

    /// Installs packages. If that is not permitted, the error names the command to run.
    pub async fn install(&self, packages: &[&str]) -> Result<()> {
        let line = self.command_line(packages);
        let is_permitted = match self.permission {
            Permission::Granted => true,
            Permission::Ask => confirm(&format!("Run `{line}`?")).await?,
            Permission::Denied => false,
        };
        if !is_permitted {
            bail!("packages are missing: run `{line}`, or this command with `--install`");
        }
        self.apt_get(&["update"]).await?;
        self.apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat()).await
    }

    /// The command that installs the packages by hand.
    fn command_line(&self, packages: &[&str]) -> String {
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

/// Asks the user at the terminal. Only `y` and `yes` confirm.
async fn confirm(question: &str) -> Result<bool> {
    print!("{question} [y/N] ");
    io::stdout().flush().context("cannot ask")?;
    // On a separate thread, so that Ctrl-C still ends the program.
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer).map(|_| answer);
        // This fails only if the program has ended.
        let _ = sender.send(read);
    });
    let answer = receiver.await.context("no answer")?.context("cannot read the answer")?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Returns `true` in a container, by the files of Docker and Podman and the variables of systemd, LXC and Kubernetes.
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

    fn environment() -> Environment {
        Environment { install: false, ci: false, root: false, container: false, terminal: false }
    }

    #[test]
    fn nothing_is_installed_without_permission() {
        assert_eq!(environment().permission(), Permission::Denied);
        assert_eq!(Environment { root: true, ..environment() }.permission(), Permission::Denied);
        assert_eq!(Environment { container: true, ..environment() }.permission(), Permission::Denied);
    }

    #[test]
    fn a_user_at_the_terminal_is_asked() {
        let at_terminal = Environment { terminal: true, ..environment() };
        assert_eq!(at_terminal.permission(), Permission::Ask);
        assert_eq!(Environment { root: true, ..at_terminal }.permission(), Permission::Ask);
        for answer in ["y", "Y\n", " yes \n"] {
            assert!(is_yes(answer), "{answer:?}");
        }
        for answer in ["", "\n", "n\n", "yesterday\n", "no\n"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }

    #[test]
    fn the_option_ci_and_root_in_a_container_grant_permission() {
        for granted in [
            Environment { install: true, ..environment() },
            Environment { ci: true, ..environment() },
            Environment { ci: true, terminal: true, ..environment() },
            Environment { root: true, container: true, ..environment() },
        ] {
            assert_eq!(granted.permission(), Permission::Granted);
        }
    }

    /// Returns a project whose PATH has only programs that record how they are called, and the file with the record.
    #[cfg(unix)]
    fn with_recorders(name: &str) -> (Project, std::path::PathBuf) {
        use std::os::unix::fs::PermissionsExt;

        let project = Project::find().unwrap();
        let folder = project.target().join("xtask-test-recorders").join(name);
        // It may exist from an earlier run.
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
    async fn without_permission_the_error_names_the_command_to_run() {
        let (project, calls) = with_recorders("denied");
        for (sudo, line) in [(true, "`sudo apt-get install"), (false, "`apt-get install")] {
            let apt = Apt {
                project: &project,
                sudo,
                permission: Permission::Denied,
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
    async fn with_permission_packages_are_installed() {
        let (project, calls) = with_recorders("granted");
        let permission = Permission::Granted;
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
    fn os_release_names_the_distribution() {
        assert_eq!(distribution("NAME=\"X\"\nID=debian\nVERSION_ID=\"12\""), Some(Distribution::Debian));
        assert_eq!(distribution("ID=ubuntu\nID_LIKE=debian\n"), Some(Distribution::Ubuntu));
        assert_eq!(distribution("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), Some(Distribution::Ubuntu));
        assert_eq!(distribution("ID=fedora\n"), None);
    }
}
