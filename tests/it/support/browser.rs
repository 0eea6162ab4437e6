//! A real browser: headless Chromium, driven through its WebDriver as a person drives it, by what stands on the page.
//!
//! It starts slowly, so one process serves the whole run; whoever holds a [`Browser`] has it alone, with empty cookies.
//! Invariant: it ends with the test process, however that ends, because a watcher outside our process group reads a pipe
//! that only this process holds open; and no address but 127.0.0.1 resolves in it.

mod page;

use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::{Value, json};
use thirtyfour::error::WebDriverResult;
use thirtyfour::{Capabilities, ChromeCapabilities, ChromiumLikeCapabilities, WebDriver};
use tokio::runtime::Runtime;

use super::app::TestApp;

const ADVICE: &str =
    "the browser tests need Chromium with its driver and a package from npm: run tools/install.sh test";

/// Width and height of the window of a desk.
const DESK: (u32, u32) = (1360, 900);

/// As root there is no sandbox; what calls home is off, and nothing but this machine has a name.
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--accept-lang=zh-CN",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// Starts the driver on a free port and says which; when the pipe ends it ends driver and browser and leaves nothing.
const WATCHER: &str = r#"
trap '' INT TERM HUP PIPE
home=$(mktemp -d /tmp/wlbrowser.XXXXXX) || exit 1
trap 'rm -rf "$home"' EXIT
export HOME="$home" TMPDIR="$home"
chromedriver --port=0 </dev/null >"$home/said" 2>&1 &
driver=$!
port=
while [ -z "$port" ] && kill -0 "$driver" 2>/dev/null; do
    port=$(sed -n 's/.*started successfully on port \([0-9]*\).*/\1/p' "$home/said")
done
echo "$port"
cat >/dev/null
curl --silent --max-time 10 "http://127.0.0.1:$port/shutdown" >/dev/null || kill -9 "$driver"
wait "$driver"
"#;

/// The one browser of the run.
struct Shared {
    runtime: Runtime,
    driver: WebDriver,
    /// Holds the end of the pipe whose closing ends driver and browser.
    _watcher: Child,
}

impl Shared {
    fn start() -> Self {
        let mut watcher = Command::new("sh")
            .args(["-c", WATCHER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C goes to the whole process group; the watcher has to outlive it.
            .process_group(0)
            .spawn()
            .expect("a shell starts");
        let mut port = String::new();
        let stdout = watcher.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut port).expect("the watcher speaks UTF-8");
        assert!(!port.trim().is_empty(), "chromedriver does not start: {ADVICE}");
        let mut wanted = ChromeCapabilities::new();
        for flag in FLAGS {
            wanted.add_arg(flag).expect("a flag");
        }
        wanted.add_arg(&format!("--window-size={},{}", DESK.0, DESK.1)).expect("a flag");
        let mut wanted = Capabilities::from(wanted);
        // What the policy of a page stops is told in the console.
        wanted.set("goog:loggingPrefs", json!({ "browser": "ALL" })).expect("a capability");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let driver = runtime.block_on(WebDriver::new(format!("http://127.0.0.1:{}", port.trim()), wanted));
        let driver = driver.unwrap_or_else(|error| panic!("chromium does not start: {error}; {ADVICE}"));
        Self { runtime, driver, _watcher: watcher }
    }
}

/// The browser, held by one test, at one service.
pub struct Browser {
    shared: MutexGuard<'static, Shared>,
    base: String,
    scripting: Cell<bool>,
}

impl Browser {
    /// Takes the browser, as new: no cookies, scripts on, light, as wide as a desk.
    ///
    /// # Panics
    /// Panics, naming the command that installs it, when there is no browser to start.
    pub fn at(app: &TestApp) -> Self {
        static BROWSER: OnceLock<Mutex<Shared>> = OnceLock::new();
        let shared = BROWSER.get_or_init(|| Mutex::new(Shared::start()));
        // A test that failed with the browser in hand leaves nothing that the next one would see.
        let shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let browser = Self { shared, base: format!("http://{}", app.address), scripting: Cell::new(true) };
        browser.run(browser.driver().goto("about:blank"));
        browser.forget();
        browser.scripts(true);
        browser.dark(false);
        browser.wide(DESK.0);
        browser.complaints();
        browser
    }

    /// Forgets every cookie: whoever comes next is somebody else.
    pub fn forget(&self) {
        self.devtools("Network.clearBrowserCookies", json!({}));
    }

    /// Lets pages run scripts, or not; what is open stays as it is until the next page.
    pub fn scripts(&self, on: bool) {
        self.scripting.set(on);
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !on }));
    }

    /// Lets a judge run its script in a page that ran none itself.
    fn judging<T>(&self, judge: impl FnOnce(&Self) -> T) -> T {
        let scripting = self.scripting.get();
        self.scripts(true);
        let found = judge(self);
        self.scripts(scripting);
        found
    }

    /// Says that the person prefers dark pages, or light ones; nothing moves in either.
    pub fn dark(&self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Makes the page so many CSS pixels wide; a window alone stops at 500.
    pub fn wide(&self, width: u32) {
        let metrics = json!({ "width": width, "height": DESK.1, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Looks at the page as wide as that, then goes back to the width of a desk.
    pub fn at_width<T>(&self, width: u32, look: impl FnOnce(&Self) -> T) -> T {
        self.wide(width);
        let seen = look(self);
        self.wide(DESK.0);
        seen
    }

    /// Writes the whole page, as far down as it goes, to `target/screenshots/NAME.png`.
    pub fn screenshot(&self, name: &str) {
        use base64::Engine as _;
        let size =
            self.script("const d = document.documentElement; return [d.clientWidth, d.scrollHeight];", json!([]));
        // A page is looked at by people; what lies below so many pixels nobody looks at.
        let height = size[1].as_u64().unwrap_or(1).min(6_000);
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": height, "scale": 1 });
        let shot = self.devtools(
            "Page.captureScreenshot",
            json!({ "format": "png", "captureBeyondViewport": true, "clip": clip }),
        );
        let bytes = base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        let folder = target().join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }

    /// What the browser complained about since it was last asked: errors of scripts, and what a policy stopped.
    pub fn complaints(&self) -> Vec<String> {
        let entries = self.run(self.driver().browser_log());
        let told = entries.into_iter().map(|entry| entry.message);
        // Pages of others complain of themselves.
        let told = told.filter(|message| message.starts_with(&self.base));
        // That a page was answered with a 4xx is what the test asked for.
        let told = told
            .filter(|message| !message.contains("Failed to load resource: the server responded with a status of 4"));
        told.collect()
    }

    /// Runs a script in the page and returns what it returns.
    pub fn script(&self, script: &str, arguments: Value) -> Value {
        let arguments = arguments.as_array().cloned().expect("a list of arguments");
        self.run(self.driver().execute(script, arguments)).json().clone()
    }

    fn devtools(&self, method: &str, parameters: Value) -> Value {
        self.run(self.driver().cdp().send_raw(method, parameters))
    }

    fn driver(&self) -> &WebDriver {
        &self.shared.driver
    }

    fn run<T>(&self, asked: impl Future<Output = WebDriverResult<T>>) -> T {
        self.shared.runtime.block_on(asked).unwrap_or_else(|error| panic!("the browser: {error}"))
    }
}

/// The folder that everything built lies in.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a folder").to_path_buf()
}

/// Where `tools/install.sh test` puts a package from npm.
pub fn package(name: &str) -> PathBuf {
    let folder = target().join("browser/node_modules").join(name);
    assert!(folder.is_dir(), "{} is missing: {ADVICE}", folder.display());
    folder
}
