#include "least_squares.h"

std::vector<double> fitted(const Matrix& columns, const std::vector<double>& observed) {
    const Matrix turned = transposed(columns);
    Matrix values(observed.size(), 1);
    for (std::size_t row = 0; row < observed.size(); ++row) values.at(row, 0) = observed[row];
    const Matrix right = product(turned, values);
    std::vector<double> b;
    for (std::size_t row = 0; row < right.rows(); ++row) b.push_back(right.at(row, 0));
    return solve(product(turned, columns), b);
}
