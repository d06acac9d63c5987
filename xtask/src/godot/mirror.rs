//! Finds the Debian mirror in apt's configuration: no address of a mirror is in this repository.

use anyhow::Result;

use crate::project::Project;

/// Returns the address of apt's first source that is Debian's main archive, or `None` if there is no such source.
pub async fn find(project: &Project) -> Result<Option<String>> {
    if project.which("apt-get").is_none() {
        return Ok(None);
    }
    let uris = project.command("apt-get").args(["update", "--print-uris"]).read().await?;
    Ok(uris.iter().find_map(|line| debian_mirror(line)).map(str::to_owned))
}

/// Reads the mirror in `'http://one.example/debian/dists/stable/InRelease' …`. On every mirror the main archive has a
/// folder `debian`; security updates have another folder, or a suite with their name.
fn debian_mirror(line: &str) -> Option<&str> {
    let (mirror, file) = line.strip_prefix('\'')?.split_once("/dists/")?;
    let is_web = mirror.starts_with("http://") || mirror.starts_with("https://");
    let is_debian = mirror.split('/').skip(3).any(|folder| folder == "debian");
    (is_web && is_debian && !file.contains("security")).then_some(mirror)
}

#[cfg(test)]
mod tests {
    use super::debian_mirror;

    #[test]
    fn only_the_main_archive_is_a_mirror() {
        for (uri, mirror) in [
            ("http://one.example/debian/dists/stable/InRelease", Some("http://one.example/debian")),
            (
                "https://one.example/mirror/debian/dists/sid/InRelease",
                Some("https://one.example/mirror/debian"),
            ),
            ("http://one.example/debian-security/dists/stable-security/InRelease", None),
            ("http://one.example/debian/dists/stable-security/InRelease", None),
            ("https://third.example/apt/dists/stable/InRelease", None),
            ("file:/srv/disc/debian/dists/stable/InRelease", None),
        ] {
            assert_eq!(debian_mirror(&format!("'{uri}' one.example_InRelease 0 ")), mirror);
        }
        assert_eq!(debian_mirror("Reading package lists..."), None);
    }
}
