//! What is deployed: compose, image, alarms, dashboard and the operator's handbook, held against what the service is.

use crate::draws::{ok, place, small};
use crate::lookups::{ENT_05, ask, question};
use crate::support::app::{Database, TestApp};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use whitelist::config::VARIABLES;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    let mut found: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    found.apply_merge().unwrap();
    serde_json::to_value(found).unwrap()
}

/// Names in a text that begin with a prefix and go on with letters of names.
fn names(text: &str, prefix: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let begins = text.match_indices(prefix).filter(|(at, _)| !text[..*at].ends_with(is_name));
    begins.map(|(at, _)| text[at..].chars().take_while(|letter| is_name(*letter)).collect()).collect()
}

/// The settings that the service knows.
fn settings() -> BTreeSet<String> {
    VARIABLES
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Runs promtool, which `tools/install.sh test` installs.
fn promtool(arguments: &[&str], input: &str) {
    let child = Command::new("promtool")
        .args(arguments)
        .current_dir(root().join("deploy/prometheus"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("promtool cannot be run ({error}): run tools/install.sh test"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "promtool {arguments:?}: {said}");
}

#[test]
fn compose_is_whole() {
    let compose = yaml("docker-compose.yml");
    let known = settings();
    let secrets: BTreeSet<&String> = compose["secrets"].as_object().unwrap().keys().collect();
    let volumes: BTreeSet<&String> = compose["volumes"].as_object().unwrap().keys().collect();
    let services = compose["services"].as_object().unwrap();
    for needed in ["database", "node-a", "node-b", "proxy", "identity", "prometheus", "grafana"] {
        assert!(services.contains_key(needed), "{needed}");
    }
    for (name, service) in services {
        let image = service["image"].as_str().unwrap();
        let pinned =
            image.rsplit_once(':').is_some_and(|(_, tag)| tag.contains(|letter: char| letter.is_ascii_digit()));
        assert!(pinned || service.get("build").is_some(), "{name}: `{image}` names no version");
        assert_eq!(service["security_opt"][0], "no-new-privileges:true", "{name}");
        assert!(service["read_only"] == true || name == "identity", "{name}: its root can be written");
        assert!(service["logging"]["options"]["max-size"].is_string(), "{name}: its log has no end");
        let check = &service["healthcheck"];
        let ends = service["restart"] == "no";
        assert!(
            check["test"].is_array() || (ends && check["disable"] == true),
            "{name}: nothing tells whether it is well"
        );
        for mounted in service["volumes"].as_array().into_iter().flatten() {
            let from = mounted.as_str().unwrap().split(':').next().unwrap();
            let there = from
                .strip_prefix("./")
                .map_or_else(|| volumes.contains(&from.to_owned()), |path| root().join(path).exists());
            assert!(there, "{name}: `{from}` is mounted and not there");
        }
        for secret in service["secrets"].as_array().into_iter().flatten() {
            assert!(
                secrets.contains(&secret.as_str().unwrap().to_owned()),
                "{name}: the secret {secret} is not declared"
            );
        }
        for (variable, _) in
            service["environment"].as_object().into_iter().flatten().filter(|(name, _)| name.starts_with("WHITELIST_"))
        {
            assert!(known.contains(variable), "{name}: no setting is called {variable}");
        }
        for other in service["depends_on"].as_object().into_iter().flatten() {
            assert!(services.contains_key(other.0), "{name} waits for {}", other.0);
        }
    }
    let metrics = services["node-a"]["environment"]["WHITELIST_METRICS_FROM"].as_str().unwrap();
    assert_eq!(
        services["prometheus"]["networks"]["inside"]["ipv4_address"], metrics,
        "Prometheus may read the figures"
    );
}

#[test]
fn the_image_takes_along_all_that_a_build_needs() {
    let image = read("Dockerfile");
    let copied: BTreeSet<&str> = image
        .lines()
        .filter(|line| line.starts_with("COPY ") && !line.contains("--from"))
        .flat_map(|line| line.split(' ').skip(1))
        .collect();
    for path in copied.iter().filter(|path| **path != "./") {
        assert!(root().join(path).exists(), "{path} is copied and not there");
    }
    for needed in ["src", "templates", "migrations", "samples", "openapi.yaml", "Cargo.toml", "Cargo.lock"] {
        assert!(copied.contains(needed), "{needed} is not in the image that builds");
    }
    for variable in names(&image, "WHITELIST_") {
        assert!(settings().contains(&variable), "no setting is called {variable}");
    }
    for needed in ["USER 10001", "--strip", "HEALTHCHECK", "sbom.cdx.json"] {
        assert!(image.contains(needed), "{needed}");
    }

    let made = Command::new("python3").arg("tools/sbom.py").current_dir(root()).output().unwrap();
    let list: Value = serde_json::from_slice(&made.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&made.stderr)));
    let parts = list["components"].as_array().unwrap();
    let lock = read("Cargo.lock");
    let digest = |part: &Value| part["hashes"][0]["content"].as_str().is_some_and(|digest| lock.contains(digest));
    assert!(parts.len() > 100 && parts.iter().all(digest), "a part without the digest of the lock file");
    assert!(
        parts.iter().any(|part| part["name"] == "actix-web") && !parts.iter().any(|part| part["name"] == "proptest")
    );
}

#[test]
fn alarms_sound_and_have_their_heading() {
    promtool(&["check", "rules", "rules.yml"], "");
    promtool(&["check", "config", "prometheus.yml"], "");
    promtool(&["test", "rules", "rules_test.yml"], "");
    let rules = yaml("deploy/prometheus/rules.yml");
    let tested = read("deploy/prometheus/rules_test.yml");
    let (en, zh) = (read("docs/operations.md"), read("docs/operations.zh-CN.md"));
    let mut headings: BTreeSet<&str> = en.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    for rule in rules["groups"][0]["rules"].as_array().unwrap() {
        let name = rule["alert"].as_str().unwrap();
        assert!(
            tested.contains(&format!("alertname: {name}\n        exp_alerts:\n")),
            "{name} is never shown to sound"
        );
        assert!(
            tested.contains(&format!("alertname: {name}\n        exp_alerts: []")) || name == "WhitelistNodeStale",
            "{name} is never shown to be silent"
        );
        assert!(
            headings.remove(name) && zh.contains(&format!("\n### {name}\n")),
            "{name} has no heading in docs/operations"
        );
        assert!(rule["annotations"]["summary_zh"].as_str().is_some_and(|text| !text.is_ascii()), "{name}");
    }
    assert!(headings.is_empty(), "headings without an alarm: {headings:?}");
}

#[test]
fn every_setting_stands_in_the_handbook() {
    for page in ["docs/operations.md", "docs/operations.zh-CN.md"] {
        let text = read(page);
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let told: BTreeSet<String> = rows.filter(|name| name.starts_with("WHITELIST_")).map(str::to_owned).collect();
        assert_eq!(told, settings(), "{page}");
    }
    for page in ["README.md", "README.zh-CN.md"] {
        let told = names(&read(page), "WHITELIST_");
        let missing: Vec<_> = settings().difference(&told).cloned().collect();
        assert!(missing.is_empty(), "{page} lacks {missing:?}");
    }
}

#[test]
fn every_figure_that_is_shown_or_judged_is_exported() {
    let app = TestApp::start(Database::Sqlite);
    ask(&app, &question(ENT_05, "2937500000"));
    ok(&app.drawing().put(&place(1), &small()));
    assert_eq!(app.client().get("/v1/lookup").status, 401);
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let read_log = app.client().send("GET", "/v1/log/vkey", &[("traceparent", trace), ("X-Request-Id", "mine-1")], b"");
    assert_eq!((read_log.header("traceparent"), read_log.header("x-request-id")), (Some(trace), Some("mine-1")));
    let metrics = app.client().get("/metrics").text().to_owned();
    promtool(&["check", "metrics"], &metrics);
    let exported: BTreeSet<String> =
        metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).map(str::to_owned).collect();
    let mut texts = vec![read("deploy/prometheus/rules.yml")];
    let folder = root().join("deploy/grafana/dashboards");
    let boards = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    assert!(!boards.is_empty());
    for board in &boards {
        let board: Value = serde_json::from_str(&std::fs::read_to_string(Path::new(board)).unwrap()).unwrap();
        let panels = board["panels"].as_array().unwrap();
        let ids: BTreeSet<i64> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len(), "an id stands twice");
        let expressions = panels.iter().flat_map(|panel| {
            panel["targets"].as_array().unwrap().iter().map(|target| target["expr"].as_str().unwrap().to_owned())
        });
        texts.extend(expressions);
    }
    for text in &texts {
        for name in names(text, "whitelist_") {
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end).filter(|base| exported.contains(*base)));
            assert!(exported.contains(&name) || base.is_some(), "`{name}` is not exported: {text}");
        }
    }
}
