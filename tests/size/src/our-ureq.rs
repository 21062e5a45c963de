//! A sign-in with plex-auth-ureq.

use plex_auth_ureq::{ClientIdentity, Credentials, PlexTv, Transport};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    let credentials = Credentials::new("mireille", "nine kites & a lantern")?;
    let signed_in = Transport::new().send(PlexTv::new(me).sign_in(&credentials))?;
    println!("{}", signed_in.account.username.unwrap_or_default());
    Ok(())
}
