//! The worker from outside: real clients, a network, virtual time.

mod activity;
mod connect;
mod counters;
mod downlink;
mod hostile;
mod redundancy;
mod repair;
mod scalable;
mod seats;
mod sizes;
