#include "expect.h"
#include "least_squares.h"

// yield = 2 * sunshine + 0.5 * temperature, without any error.
static void test_exact_fit() {
    Matrix columns(3, 2);
    const double sunshine[] = {1, 2, 5}, temperature[] = {10, 4, 8};
    std::vector<double> observed;
    for (int row = 0; row < 3; ++row) {
        columns.at(row, 0) = sunshine[row];
        columns.at(row, 1) = temperature[row];
        observed.push_back(2 * sunshine[row] + 0.5 * temperature[row]);
    }
    const std::vector<double> factors = fitted(columns, observed);
    EXPECT_NEAR(factors[0], 2.0);
    EXPECT_NEAR(factors[1], 0.5);
}

int main() {
    test_exact_fit();
    return failed;
}
