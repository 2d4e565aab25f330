#include <stdexcept>

#include "expect.h"
#include "matrix.h"

static void test_product() {
    Matrix one(1, 2), other(2, 1);
    one.at(0, 0) = 3;
    one.at(0, 1) = 4;
    other.at(0, 0) = 5;
    other.at(1, 0) = 6;
    EXPECT_NEAR(product(one, other).at(0, 0), 39.0);
    EXPECT_THROW(product(one, one), std::invalid_argument);
}

static void test_transposed() {
    Matrix matrix(2, 3);
    matrix.at(0, 2) = 7;
    matrix.at(1, 0) = 8;
    const Matrix turned = transposed(matrix);
    EXPECT_NEAR(static_cast<double>(turned.rows()), 3.0);
    EXPECT_NEAR(turned.at(2, 0), 7.0);
    EXPECT_NEAR(turned.at(0, 1), 8.0);
}

static void test_solve() {
    Matrix a(2, 2);
    a.at(0, 1) = 2;
    a.at(1, 0) = 4;
    const std::vector<double> x = solve(a, {6, 8});
    EXPECT_NEAR(x[0], 2.0);
    EXPECT_NEAR(x[1], 3.0);
    EXPECT_THROW(solve(Matrix(2, 2), {1, 1}), std::domain_error);
}

int main() {
    test_product();
    test_transposed();
    test_solve();
    return failed;
}
