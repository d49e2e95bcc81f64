/* The ten-armed testbed in C, vectorised by hand: eight runs at a time on one core, keeping only two curves.
 *
 * Vectors are those of GCC and Clang, of eight doubles; table look-ups use AVX-512 where it is there. The weights
 * exp(q/temperature) are kept without subtracting the maximum, which is safe at temperatures from 0.05 on.
 * xoshiro256++ draws the uniforms, and Marsaglia and Tsang's ziggurat (2000) of 256 layers the normals. Called by
 * benchmarks/testbed.py.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

#define ARMS 10
#define LANES 8
#define GROUPS 8 /* vectors of runs whose steps alternate, so that their latencies overlap; their state fits into L1 */
#define LAYERS 256
#define TAIL 3.6541528853610088 /* where the lowest layer of the ziggurat ends */
#define AREA 0.00492867323399 /* of each layer */

typedef double floats __attribute__((vector_size(64)));
typedef int64_t integers __attribute__((vector_size(64)));
typedef uint64_t bits __attribute__((vector_size(64)));

static inline floats all(double x) { return (floats){x, x, x, x, x, x, x, x}; }

static inline integers whole(int64_t x) { return (integers){x, x, x, x, x, x, x, x}; }

static inline floats as_floats(integers x) { return (floats)x; }

/* Conditions are all ones or zeros in each lane. */
static inline integers chosen(integers condition, integers yes, integers no) {
    return (condition & yes) | (~condition & no);
}

static inline floats chosen_floats(integers condition, floats yes, floats no) {
    return as_floats(chosen(condition, (integers)yes, (integers)no));
}

static inline floats at(const double *numbers, integers places) {
#ifdef __AVX512F__
    return (floats)_mm512_i64gather_pd((__m512i)places, numbers, 8);
#else
    floats found;
    for (int lane = 0; lane < LANES; lane++)
        found[lane] = numbers[places[lane]];
    return found;
#endif
}

static inline void put(double *numbers, integers places, floats x) {
#ifdef __AVX512F__
    _mm512_i64scatter_pd(numbers, (__m512i)places, (__m512d)x, 8);
#else
    for (int lane = 0; lane < LANES; lane++)
        numbers[places[lane]] = x[lane];
#endif
}

static inline int any(integers condition) {
#ifdef __AVX512F__
    return _mm512_test_epi64_mask((__m512i)condition, (__m512i)condition) != 0;
#else
    int64_t found = 0;
    for (int lane = 0; lane < LANES; lane++)
        found |= condition[lane];
    return found != 0;
#endif
}

typedef struct {
    bits s[4];
} generator;

static inline bits rotated(bits x, int k) { return (x << k) | (x >> (64 - k)); }

static inline bits next(generator *g) {
    bits *s = g->s, result = rotated(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotated(s[3], 45);
    return result;
}

/* In [0, 1), a multiple of 2^-52: the mantissa of a number in [1, 2), minus 1. */
static inline floats unit(bits x) { return as_floats((integers)((x >> 12) | 0x3FF0000000000000u)) - 1.0; }

static generator start(uint64_t seed) {
    generator g;
    for (int i = 0; i < 4; i++)
        for (int lane = 0; lane < LANES; lane++) { /* splitmix64 */
            uint64_t z = seed += 0x9E3779B97F4A7C15u;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
            g.s[i][lane] = z ^ (z >> 31);
        }
    return g;
}

static double width[LAYERS + 1], height[LAYERS + 1], inner[LAYERS];

static void build_ziggurat(void) {
    width[0] = AREA / exp(-0.5 * TAIL * TAIL); /* of the lowest layer with its tail */
    width[1] = TAIL;
    for (int i = 2; i < LAYERS; i++)
        width[i] = sqrt(-2.0 * log(AREA / width[i - 1] + exp(-0.5 * width[i - 1] * width[i - 1])));
    width[LAYERS] = 0.0;
    for (int i = 0; i < LAYERS; i++)
        inner[i] = width[i + 1] / width[i]; /* below this share of a layer a point is under the curve */
    for (int i = 0; i <= LAYERS; i++)
        height[i] = exp(-0.5 * width[i] * width[i]);
}

static double spare_uniform(generator *g, bits *left, int *lanes) {
    if (*lanes == 0) {
        *left = next(g);
        *lanes = LANES;
    }
    return ((*left)[--*lanes] >> 11) * 0x1p-53;
}

/* A normal from a layer and a share of it that may be outside the curve, one of a hundred. */
static double outside(generator *g, int64_t layer, double share) {
    bits left;
    int lanes = 0;
    for (;;) {
        double x = share * width[layer];
        if (fabs(share) < inner[layer])
            return x;
        if (layer == 0) {
            double far, down;
            do {
                far = -log(1.0 - spare_uniform(g, &left, &lanes)) / TAIL;
                down = -log(1.0 - spare_uniform(g, &left, &lanes));
            } while (down + down < far * far);
            return share < 0.0 ? -TAIL - far : TAIL + far;
        }
        double y = height[layer] + spare_uniform(g, &left, &lanes) * (height[layer + 1] - height[layer]);
        if (y < exp(-0.5 * x * x))
            return x;
        layer = (int64_t)(spare_uniform(g, &left, &lanes) * LAYERS);
        share = 2.0 * spare_uniform(g, &left, &lanes) - 1.0;
    }
}

static inline floats normal(generator *g) {
    bits drawn = next(g);
    integers layer = (integers)(drawn & (LAYERS - 1)); /* the low bits, which the share does not use */
    floats share = 2.0 * unit(drawn) - 1.0;
    floats x = share * at(width, layer);
    floats size = as_floats((integers)share & INT64_MAX);
    integers beyond = size >= at(inner, layer);
    if (__builtin_expect(any(beyond), 0))
        for (int lane = 0; lane < LANES; lane++)
            if (beyond[lane])
                x[lane] = outside(g, layer[lane], share[lane]);
    return x;
}

/* To a unit in the last place, for |x| < 700. */
static inline floats exponential(floats x) {
    const double round = 0x1.8p52; /* adding it rounds to an integer, which its low bits hold */
    floats shifted = x * 1.4426950408889634 + round, n = shifted - round;
    floats r = x - n * 0x1.62e42fefa38p-1 - n * 0x1.ef35793c7673p-45;
    floats r2 = r * r, r4 = r2 * r2;
    floats low = (1.0 + r) + r2 * (0.5 + r * 0x1.5555555555555p-3);
    floats middle = (0x1.5555555555555p-5 + r * 0x1.1111111111111p-7)
                    + r2 * (0x1.6c16c16c16c17p-10 + r * 0x1.a01a01a01a01ap-13);
    floats high = (0x1.a01a01a01a01ap-16 + r * 0x1.71de3a556c734p-19)
                  + r2 * (0x1.27e4fb7789f5cp-22 + r * 0x1.ae64567f544e4p-26) + r4 * 0x1.1eed8eff8d898p-29;
    floats y = low + r4 * (middle + r4 * high);
    return as_floats((integers)y + ((integers)shifted << 52));
}

/* Eight runs: each field has an arm in each row and a run in each column. */
typedef struct {
    floats mean[ARMS], q[ARMS], n[ARMS], w[ARMS];
    integers best;
} group;

static const integers COLUMNS = {0, 1, 2, 3, 4, 5, 6, 7};

static void begin(group *g, generator *random) {
    floats highest = all(-INFINITY);
    for (int a = 0; a < ARMS; a++) {
        g->mean[a] = normal(random);
        g->q[a] = g->n[a] = all(0.0);
        g->w[a] = all(1.0);
        integers higher = g->mean[a] > highest;
        highest = chosen_floats(higher, g->mean[a], highest);
        g->best = chosen(higher, whole(a), g->best);
    }
}

static inline integers by_weight(const floats *w, floats u) {
    floats passed[ARMS];
    integers action = whole(0);
    passed[0] = w[0];
    for (int a = 1; a < ARMS; a++)
        passed[a] = passed[a - 1] + w[a];
    floats target = u * passed[ARMS - 1];
    for (int a = 0; a < ARMS - 1; a++)
        action -= passed[a] <= target;
    return action;
}

static inline integers highest(const floats *q) {
    floats most = q[0];
    integers action = whole(0);
    for (int a = 1; a < ARMS; a++) {
        integers higher = q[a] > most;
        most = chosen_floats(higher, q[a], most);
        action = chosen(higher, whole(a), action);
    }
    return action;
}

/* What is done at each step: the weights kept, or all of them computed anew, or no weights at all. */
enum rule { CONSTANT, COOLED, GREEDY };

static inline __attribute__((always_inline)) void play(
    enum rule rule, int runs, int steps, const double *parameters, uint64_t seed, double *rewards, double *bests) {
    static group groups[GROUPS];
    generator choices = start(seed), noise = start(seed + 0x5DEECE66Du);
    build_ziggurat();
    for (int first = 0; first < runs; first += GROUPS * LANES) {
        int left = (runs - first + LANES - 1) / LANES, together = left < GROUPS ? left : GROUPS;
        for (int i = 0; i < together; i++)
            begin(&groups[i], &noise);
        for (int step = 0; step < steps; step++) {
            double parameter = parameters[rule == COOLED ? step : 0], per_temperature = 1.0 / parameter;
            floats reward_sum = all(0.0);
            integers best_count = whole(0);
            for (int i = 0; i < together; i++) {
                group *g = &groups[i];
                floats u = unit(next(&choices));
                integers action;
                if (rule == GREEDY) {
                    floats scaled = u * (ARMS / parameter);
                    integers random = __builtin_convertvector(scaled, integers);
                    action = chosen(u < parameter, random, highest(g->q));
                } else {
                    if (rule == COOLED)
                        for (int a = 0; a < ARMS; a++)
                            g->w[a] = exponential(g->q[a] * per_temperature);
                    action = by_weight(g->w, u);
                }
                integers cell = action * LANES + COLUMNS;
                floats reward = at((double *)g->mean, cell) + normal(&noise);
                floats old = at((double *)g->q, cell), count = at((double *)g->n, cell) + 1.0;
                floats new = old + (reward - old) / count;
                put((double *)g->n, cell, count);
                put((double *)g->q, cell, new);
                if (rule == CONSTANT)
                    put((double *)g->w, cell, exponential(new * per_temperature));
                reward_sum += reward;
                best_count -= action == g->best;
            }
            for (int lane = 0; lane < LANES; lane++) {
                rewards[step] += reward_sum[lane];
                bests[step] += best_count[lane];
            }
        }
    }
}

/* The number of runs is a multiple of eight. Parameters: one temperature, one for each step, and epsilon. */
void boltzmann(int runs, int steps, const double *parameters, uint64_t seed, double *rewards, double *bests) {
    play(CONSTANT, runs, steps, parameters, seed, rewards, bests);
}

void cooled(int runs, int steps, const double *parameters, uint64_t seed, double *rewards, double *bests) {
    play(COOLED, runs, steps, parameters, seed, rewards, bests);
}

void greedy(int runs, int steps, const double *parameters, uint64_t seed, double *rewards, double *bests) {
    play(GREEDY, runs, steps, parameters, seed, rewards, bests);
}
