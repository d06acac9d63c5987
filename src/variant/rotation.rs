//! Converts rotations between matrices and quaternions. The order of the operations is Godot's, so the results are
//! identical to the last bit.

use super::{Basis, Quaternion, Vector3};

/// The largest difference of the determinant of a rotation from 1.
const UNIT_TOLERANCE: f32 = 0.001;
/// The largest difference between numbers that count as equal.
const TOLERANCE: f32 = 0.000_01;

/// Returns the matrix of a rotation. The quaternion is normalized.
pub(super) fn to_basis(rotation: Quaternion) -> Basis {
    let Quaternion { x, y, z, w } = rotation;
    let scale = 2.0 / (x * x + y * y + z * z + w * w);
    let (xs, ys, zs) = (x * scale, y * scale, z * scale);
    let (wx, wy, wz) = (w * xs, w * ys, w * zs);
    let (xx, xy, xz) = (x * xs, x * ys, x * zs);
    let (yy, yz, zz) = (y * ys, y * zs, z * zs);
    Basis::new([
        Vector3::new(1.0 - (yy + zz), xy - wz, xz + wy),
        Vector3::new(xy + wz, 1.0 - (xx + zz), yz - wx),
        Vector3::new(xz - wy, yz + wx, 1.0 - (xx + yy)),
    ])
}

/// Returns the quaternion of a matrix, by Shepperd's method; the identity if the matrix is not a rotation.
pub(super) fn to_quaternion(basis: &Basis) -> Quaternion {
    if !is_rotation(basis) {
        return Quaternion::default();
    }
    let m = basis.rows.map(<[f32; 3]>::from);
    let trace = m[0][0] + m[1][1] + m[2][2];
    if trace > 0.0 {
        let root = (trace + 1.0).sqrt();
        let part = 0.5 / root;
        return Quaternion::new(
            (m[2][1] - m[1][2]) * part,
            (m[0][2] - m[2][0]) * part,
            (m[1][0] - m[0][1]) * part,
            root * 0.5,
        );
    }
    // The largest element of the diagonal.
    let i = if m[0][0] < m[1][1] {
        if m[1][1] < m[2][2] { 2 } else { 1 }
    } else if m[0][0] < m[2][2] {
        2
    } else {
        0
    };
    let (j, k) = ((i + 1) % 3, (i + 2) % 3);
    let root = (m[i][i] - m[j][j] - m[k][k] + 1.0).sqrt();
    let part = 0.5 / root;
    let mut axis = [0.0; 3];
    axis[i] = root * 0.5;
    axis[j] = (m[j][i] + m[i][j]) * part;
    axis[k] = (m[k][i] + m[i][k]) * part;
    let [x, y, z] = axis;
    Quaternion::new(x, y, z, (m[k][j] - m[j][k]) * part)
}

/// Returns `true` for a matrix without scale, shear or reflection.
fn is_rotation(basis: &Basis) -> bool {
    let [a, b, c] = basis.rows;
    let columns = [Vector3::new(a.x, b.x, c.x), Vector3::new(a.y, b.y, c.y), Vector3::new(a.z, b.z, c.z)];
    let [x, y, z] = columns;
    let length = dot(x, x);
    let is_even = is_near(length, dot(y, y)) && is_near(length, dot(z, z));
    let is_square = [dot(x, y), dot(x, z), dot(y, z)].iter().all(|product| product.abs() < TOLERANCE);
    let determinant =
        a.x * (b.y * c.z - c.y * b.z) - b.x * (a.y * c.z - c.y * a.z) + c.x * (a.y * b.z - b.y * a.z);
    is_even && is_square && (determinant == 1.0 || (determinant - 1.0).abs() < UNIT_TOLERANCE)
}

fn dot(a: Vector3, b: Vector3) -> f32 {
    a.x * b.x + a.y * b.y + a.z * b.z
}

fn is_near(a: f32, b: f32) -> bool {
    a == b || (a - b).abs() < (TOLERANCE * a.abs()).max(TOLERANCE)
}
