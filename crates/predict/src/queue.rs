//! A closed queueing network: a fixed number of customers, one station with one server for each hot
//! line, and a delay for the work outside the stations.
//!
//! Exact mean value analysis, M. Reiser and S. S. Lavenberg, "Mean-Value Analysis of Closed
//! Multichain Queuing Networks", Journal of the ACM 27(2), 1980: a customer that arrives finds the
//! average state of a network with one customer less.

/// Throughput of `customers`, each of which spends `delay` by itself and then visits each station
/// for its demand, again and again. In customers' rounds by the unit of time in which delay and
/// demands are given.
///
/// It is infinite if nothing takes time, and zero without customers.
pub fn throughput(customers: u32, delay: f64, demands: &[f64]) -> f64 {
    let mut waiting = vec![0.0; demands.len()];
    let mut throughput = 0.0;
    for customers in 1..=customers {
        let stays: Vec<f64> =
            demands.iter().zip(&waiting).map(|(demand, queue)| demand * (1.0 + queue)).collect();
        throughput = f64::from(customers) / (delay + stays.iter().sum::<f64>());
        for (queue, stay) in waiting.iter_mut().zip(stays) {
            *queue = throughput * stay;
        }
    }
    throughput
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12 * b
    }

    #[test]
    fn one_customer_waits_for_nobody() {
        assert!(close(throughput(1, 3.0, &[2.0, 5.0]), 0.1));
        assert_eq!(throughput(0, 3.0, &[2.0]), 0.0);
    }

    #[test]
    fn without_a_delay_one_station_is_always_busy() {
        for customers in [1, 2, 64] {
            assert!(close(throughput(customers, 0.0, &[4.0]), 0.25));
        }
    }

    #[test]
    fn two_stations_of_equal_demand_are_busy_as_the_book_has_it() {
        // Balanced network: n customers on k stations are n / ((n + k - 1) d).
        for customers in [1, 2, 7] {
            let n = f64::from(customers);
            assert!(close(throughput(customers, 0.0, &[2.0, 2.0]), n / ((n + 1.0) * 2.0)));
        }
    }

    #[test]
    fn customers_with_a_delay_are_those_of_the_machine_repairman() {
        // M/M/1//2 with rates 1 and 1: p0 = 1 / (1 + 2 + 2), throughput 1 - p0.
        assert!(close(throughput(2, 1.0, &[1.0]), 0.8));
    }

    #[test]
    fn more_customers_get_no_less_done_and_never_more_than_the_slowest_station_allows() {
        let mut before = 0.0;
        for customers in 1..300 {
            let now = throughput(customers, 10.0, &[1.0, 0.25]);
            assert!(now >= before * (1.0 - 1e-12) && now <= 1.0 + 1e-12, "{customers}: {before} {now}");
            before = now;
        }
        assert!(before > 0.999);
    }
}
