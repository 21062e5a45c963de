//! A sign-in, written by hand with ureq.

use plex_auth_baseline::account::Account;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request = plex_auth_baseline::request::Requests::at("https://plex.tv/api/v2", "").sign_in();
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let (head, mut body) = agent.run(request)?.into_parts();
    let answer = http::Response::from_parts(head, body.read_to_vec()?);
    let account: Account = plex_auth_baseline::answer::read(&answer).map_err(|error| format!("{error:?}"))?;
    println!("{}", account.username.unwrap_or_default());
    Ok(())
}
