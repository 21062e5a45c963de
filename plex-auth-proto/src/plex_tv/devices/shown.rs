//! An account's devices as a log may show them.

use std::fmt;

use super::{Device, Devices};
use crate::secret::masked;

/// The address of whoever asked is shown as `***`: a log is no place for it.
impl fmt::Debug for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Taken apart, so that a new field must be thought about here.
        let Self { public_address, devices, unreadable } = self;
        f.debug_struct("Devices")
            .field("public_address", &masked(public_address))
            .field("devices", devices)
            .field("unreadable", unreadable)
            .finish()
    }
}

/// Its name and where it is are shown as `***`: a log is no place for them.
impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Taken apart, so that a new field must be thought about here.
        let Self {
            id,
            name,
            product,
            product_version,
            platform,
            platform_version,
            device,
            model,
            vendor,
            provides,
            client_identifier,
            version,
            public_address,
            token,
            created_at,
            last_seen_at,
            connections,
            unreadable,
        } = self;
        f.debug_struct("Device")
            .field("id", id)
            .field("name", &masked(name))
            .field("product", product)
            .field("product_version", product_version)
            .field("platform", platform)
            .field("platform_version", platform_version)
            .field("device", device)
            .field("model", model)
            .field("vendor", vendor)
            .field("provides", provides)
            .field("client_identifier", client_identifier)
            .field("version", version)
            .field("public_address", &masked(public_address))
            .field("token", token)
            .field("created_at", created_at)
            .field("last_seen_at", last_seen_at)
            .field("connections", connections)
            .field("unreadable", unreadable)
            .finish()
    }
}
