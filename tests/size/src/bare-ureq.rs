//! A sign-in, by hand with ureq.

#[allow(dead_code, reason = "shared; each program uses its part")]
#[path = "../../../plex-auth-proto/benches/work/floor/floor.rs"]
mod floor;

use floor::account::Account;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request = floor::request::Asking::at("https://plex.tv/api/v2", "").sign_in();
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let (head, mut body) = agent.run(request)?.into_parts();
    let answer = http::Response::from_parts(head, body.read_to_vec()?);
    let account: Account = floor::answer::read(&answer).map_err(|error| format!("{error:?}"))?;
    println!("{}", account.username.unwrap_or_default());
    Ok(())
}
