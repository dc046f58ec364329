//! The worker from outside: real clients, a network, virtual time.

mod band;
mod connect;
mod hostile;
mod redundancy;
mod repair;
mod seats;
mod world;
