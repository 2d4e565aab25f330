#include <stdexcept>

#include "expect.h"
#include "matrix.h"

int main() {
    Matrix matrix(3, 2);
    for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 2; ++column) matrix.at(row, column) = 10 * row + column;
    const Matrix turned = transposed(matrix);
    expect(turned.rows() == 2 && turned.columns() == 3, "the size of 3 by 2 is 2 by 3", __FILE__, __LINE__);
    for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 2; ++column) EXPECT_NEAR(turned.at(column, row), matrix.at(row, column));
    const Matrix square = product(turned, matrix);
    EXPECT_NEAR(square.at(0, 0), 500.0);
    EXPECT_NEAR(square.at(1, 0), 530.0);
    EXPECT_THROW(product(matrix, matrix), std::invalid_argument);
    EXPECT_NEAR(transposed(Matrix(1, 4)).at(3, 0), 0.0);
    return failed;
}
