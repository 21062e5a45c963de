//! A sign-in with plex-auth-hyper.

use plex_auth_hyper::{ClientIdentity, Credentials, PlexTv, Transport};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    let credentials = Credentials::new("mireille", "nine kites & a lantern")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let transport = Transport::new();
    let signed_in = runtime.block_on(transport.send(PlexTv::new(me).sign_in(&credentials)))?;
    println!("{}", signed_in.account.username.unwrap_or_default());
    Ok(())
}
