/* The ten-armed testbed with a Boltzmann agent in plain C, on one core, keeping only two curves.
 *
 * The weights exp(q/temperature) are kept without subtracting the maximum, which is safe at this temperature.
 * xoshiro256++ draws the uniforms, and Marsaglia's polar method the normals. Called by benchmarks/testbed.py.
 */
#include <math.h>
#include <stdint.h>

#define ARMS 10

static uint64_t s[4];

static inline uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static inline double uniform(void) {
    uint64_t result = rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return (result >> 11) * 0x1p-53;
}

static double spare;
static int has_spare;

static inline double normal(void) {
    if (has_spare) {
        has_spare = 0;
        return spare;
    }
    double x, y, r;
    do {
        x = 2.0 * uniform() - 1.0;
        y = 2.0 * uniform() - 1.0;
        r = x * x + y * y;
    } while (r >= 1.0 || r == 0.0);
    double f = sqrt(-2.0 * log(r) / r);
    spare = y * f;
    has_spare = 1;
    return x * f;
}

void testbed(int runs, int steps, const double *parameters, uint64_t seed, double *reward_curve, double *best_curve) {
    double temperature = parameters[0];
    for (int i = 0; i < 4; i++)
        s[i] = seed += 0x9E3779B97F4A7C15u;
    for (int run = 0; run < runs; run++) {
        double mean[ARMS], q[ARMS], n[ARMS], w[ARMS], total = ARMS;
        int best = 0;
        for (int a = 0; a < ARMS; a++) {
            mean[a] = normal();
            q[a] = n[a] = 0.0;
            w[a] = 1.0;
            if (mean[a] > mean[best])
                best = a;
        }
        for (int step = 0; step < steps; step++) {
            double target = uniform() * total, passed = w[0];
            int action = 0;
            while (passed <= target && action < ARMS - 1)
                passed += w[++action];
            double reward = mean[action] + normal();
            q[action] += (reward - q[action]) / ++n[action];
            w[action] = exp(q[action] / temperature);
            total = 0.0;
            for (int a = 0; a < ARMS; a++)
                total += w[a];
            reward_curve[step] += reward;
            best_curve[step] += action == best;
        }
    }
}
